import parse, { type Metric } from 'parse-prometheus-text-format';

/** The text of a scrape by series: `name{label="value"}` with its labels in order, and its value. */
export function seriesOf(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`This is no line of an exposition: ${line}`);
    const sorted = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([pair]) => pair).sort();
    series.set(sorted.length > 0 ? `${name}{${sorted.join(',')}}` : name, Number(value));
  }
  return series;
}

/** What a parser of the format makes of it. */
export function parsed(text: string): Map<string, Metric> {
  return new Map(parse(text).map((metric) => [metric.name, metric]));
}
