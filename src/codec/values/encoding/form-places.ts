/** The place of a form: the number of the object that contains it, and the key. */
export type Place = readonly [parent: number, key: string | number];

/**
 * The places of forms in a document, in the order in which the guest converts them; it looks at no other
 * values.
 */
export class FormPlaces {
  readonly places: Place[] = [];
  /** The numbers of the objects that are forms, in ascending order. */
  readonly #forms: number[] = [];

  reset(): void {
    // Most documents have none: to set the length of an empty list takes its time, too.
    if (this.#forms.length === 0) return;
    this.places.length = 0;
    this.#forms.length = 0;
  }

  /** @param number the number of the form, which is higher than all previous ones */
  addForm(number: number): void {
    this.#forms.push(number);
  }

  /** Whether the object of this number is a form. */
  isForm(number: number): boolean {
    const forms = this.#forms;
    let from = 0;
    let to = forms.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((forms[middle] as number) < number) from = middle + 1;
      else to = middle;
    }
    return forms[from] === number;
  }
}
