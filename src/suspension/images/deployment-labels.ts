/** Makes the runs that somebody else drives other ones, which `work` does not take. They wait on the images of the deployment all the same. */
const KEPT = 'kept-';

/** The label under which a store has the runs of a deployment that are driven by who knows their notes. */
export function keptLabelOf(deployment: string): string {
  return KEPT + deployment;
}

/** @param label of a run in the store */
export function isKeptLabel(label: string | undefined): boolean {
  return label?.startsWith(KEPT) === true;
}

/** The deployment on whose images a run waits. @param label of the run in the store */
export function deploymentOfLabel(label: string): string {
  return isKeptLabel(label) ? label.slice(KEPT.length) : label;
}
