import type { Usages } from './exposition.js';
import { type Meter, sumOf } from './meter.js';

/** Like handlers, tenants are chosen by the application, and their number is unlimited. */
const MAX_TENANT_LABELS = 200;

/**
 * @param meter undefined if usage is not added up: then there are no lines
 * @param tellsTenantsApart whether there is a line for each tenant
 */
export function usagesOf(meter: Meter | undefined, tellsTenantsApart: boolean): Usages {
  return (amountOf, labels = {}) => {
    if (meter === undefined) return [];
    const report = meter.report();
    if (!tellsTenantsApart) return [{ labels, value: amountOf(report) }];
    const isOther = ({ isOthers }: { readonly isOthers?: true }, index: number) =>
      isOthers || index >= MAX_TENANT_LABELS;
    const others = report.tenants.filter(isOther);
    const own = report.tenants.filter((tenant, index) => !isOther(tenant, index));
    const samples = own.map((usage) => ({ labels: { ...labels, tenant: usage.tenant ?? '' }, value: amountOf(usage) }));
    if (others.length === 0) return samples;
    // One may be called so; a series must not be there twice.
    const namesake = samples.find(({ labels: { tenant } }) => tenant === 'other');
    if (namesake === undefined)
      return [...samples, { labels: { ...labels, tenant: 'other' }, value: amountOf(sumOf(others)) }];
    namesake.value += amountOf(sumOf(others));
    return samples;
  };
}
