/** A type whose fields may be assigned, for an object that is made field by field. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
