/** A program as the body of an async function. What it returns is JSON. */
export interface Program {
  readonly title: string;
  readonly source: string;
}

/** Programs that stand for one kind of thing that can go wrong. */
export interface Kind {
  readonly kind: string;
  readonly programs: readonly Program[];
}

/** @param sources titled by themselves unless they come with a title */
export function kind(name: string, sources: readonly (string | readonly [title: string, source: string])[]): Kind {
  const programs = sources.map((entry) =>
    typeof entry === 'string' ? { title: entry, source: entry } : { title: entry[0], source: entry[1] },
  );
  return { kind: name, programs };
}
