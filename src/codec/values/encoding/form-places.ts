/** A place that holds a form: the number of the object it is in, and the key there. */
export type Place = readonly [parent: number, key: string | number];

/** Where forms are in a document, in the order in which the guest makes values of them: it looks at nothing else. */
export class FormPlaces {
  readonly places: Place[] = [];
  /** Numbers of the objects that are forms, in rising order. */
  readonly #forms: number[] = [];

  reset(): void {
    // Most documents have none: to set the length of an empty list takes its time, too.
    if (this.#forms.length === 0) return;
    this.places.length = 0;
    this.#forms.length = 0;
  }

  /** @param number of the form, which is higher than all before it */
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
