// Imports what is installed beside it: the campaign copies it into the directory of its packages.
export const importFrom = (specifier) => import(specifier);
export const resolveFrom = (specifier) => import.meta.resolve(specifier);
