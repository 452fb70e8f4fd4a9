import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createRuntime } from '#src/index.js';
import { LABEL_NAMES, METRICS, type MetricDefinition } from '#src/metrics/catalog.js';
import { DEFAULT_PREFIX } from '#src/metrics/prometheus.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const read = (relative: string) => readFile(path(relative), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Variable {
  readonly name: string;
  readonly definition?: string;
}

const operations = await read('docs/operations.md');
const { groups } = parse(await read('deploy/prometheus/alerts.yaml')) as {
  groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

const dashboards = await Promise.all(
  ['dashboard.json', 'fleet.json'].map(
    async (name) => [name, JSON.parse(await read(`deploy/grafana/${name}`)) as Dashboard] as const,
  ),
);
const rules = groups.flatMap((group) => group.rules);
const targetsOf = ({ panels }: Dashboard) =>
  panels.flatMap(({ title, targets: own = [] }) =>
    own.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  );
const examples = [...operations.matchAll(/```promql\n([\s\S]*?)```/g)].map(([, expr = '']) => expr);

/** Every expression, with where it stands. */
const expressions: (readonly [where: string, expr: string])[] = [
  ...rules.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const),
  ...dashboards.flatMap(([file, dashboard]) => [
    ...targetsOf(dashboard).map(([title, expr], i) => [`${file}, the panel ${title}, target ${i + 1}`, expr] as const),
    ...dashboard.templating.list.flatMap(({ name, definition }) =>
      definition === undefined ? [] : [[`${file}, the variable ${name}`, definition] as const],
    ),
  ]),
  ...examples.map((expr, i) => [`docs/operations.md, query ${i + 1}`, expr] as const),
];

/** Given by Prometheus to whatever it scrapes. */
const TARGET_LABELS = ['job', 'instance'];
const NAME = new RegExp(`${DEFAULT_PREFIX}[a-z_]+`, 'g');
const SELECTOR = new RegExp(`(?<name>${DEFAULT_PREFIX}[a-z_]+)(?:\\{(?<matchers>[^}]*)\\})?`, 'g');
const MATCHER = /(?<label>\w+)\s*(?<operator>=~|!~|!=|=)\s*"(?<value>[^"]*)"/g;

function definitionOf(fullName: string): MetricDefinition | undefined {
  const name = fullName.slice(DEFAULT_PREFIX.length);
  const known: Readonly<Record<string, MetricDefinition>> = METRICS;
  const ofHistogram = known[name.replace(/_(bucket|sum|count)$/, '')];
  // Of a histogram there are only these.
  if (ofHistogram?.type === 'histogram') return /_(bucket|sum|count)$/.test(name) ? ofHistogram : undefined;
  return known[name];
}

function labelsOf(fullName: string): string[] {
  const own = Object.keys(definitionOf(fullName)?.labels ?? {});
  return [...own, ...TARGET_LABELS, ...(fullName.endsWith('_bucket') ? ['le'] : [])];
}

/** The names of metrics in the text between the parenthesis at `start` and its closing one. */
function namesWithin(expr: string, start: number): string[] {
  let depth = 0;
  for (let end = start; end < expr.length; end++) {
    if (expr[end] === '(') depth++;
    if (expr[end] === ')' && --depth === 0) return expr.slice(start, end).match(NAME) ?? [];
  }
  throw new Error(`a parenthesis is not closed: ${expr}`);
}

/** What is wrong with an expression, as far as names, labels and values go. */
function problemsOf(expr: string): string[] {
  const problems: string[] = [];
  for (const { groups: selector } of expr.matchAll(SELECTOR)) {
    const { name = '', matchers = '' } = selector ?? {};
    const definition = definitionOf(name);
    if (definition === undefined) {
      problems.push(`there is no ${name}`);
      continue;
    }
    const matched = [...matchers.matchAll(MATCHER)];
    if (matchers.replace(MATCHER, '').replace(/[\s,]/g, '') !== '') problems.push(`not understood: {${matchers}}`);
    for (const { groups: matcher } of matched) {
      const { label = '', operator = '', value = '' } = matcher ?? {};
      if (!labelsOf(name).includes(label)) problems.push(`${name} has no label ${label}`);
      const known = definition.labels[label] ?? [];
      const values = operator.endsWith('~') ? value.split('|') : [value];
      for (const one of known.length === 0 ? [] : values) {
        if (!known.includes(one)) problems.push(`${label} of ${name} is never ${one}`);
      }
    }
  }
  for (const match of expr.matchAll(/\bby\s*\((?<labels>[^)]*)\)\s*(?=\()/g)) {
    const labels = (match.groups?.['labels'] ?? '').split(',').map((label) => label.trim());
    for (const name of namesWithin(expr, match.index + match[0].length)) {
      for (const label of labels) if (!labelsOf(name).includes(label)) problems.push(`${name} has no label ${label}`);
    }
  }
  return problems;
}

/** The anchors that GitHub makes of the headings of a document. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe('docs/metrics.md', () => {
  it('has every metric, and what to do when it moves', async () => {
    const page = await read('docs/metrics.md');
    const [tables = '', advice = ''] = page.split('## When a metric changes');
    for (const name of Object.keys(METRICS)) {
      expect(tables).toContain(`| \`${DEFAULT_PREFIX}${name}\` `);
      expect(advice).toContain(`- \`${DEFAULT_PREFIX}${name}\`: `);
    }
  });
});

describe('the expressions', () => {
  it.each(expressions)('the expressions of %s: metrics, labels and values are those of the catalog', (_where, expr) => {
    expect(expr.match(NAME)).not.toBeNull();
    expect(problemsOf(expr)).toEqual([]);
  });

  it.each([
    ['nexus_nothing_total', 'there is no nexus_nothing_total'],
    ['nexus_handler_duration_seconds', 'there is no nexus_handler_duration_seconds'],
    ['nexus_pool_queue_depth_sum', 'there is no nexus_pool_queue_depth_sum'],
    ['nexus_handler_errors_total{status="error"}', 'nexus_handler_errors_total has no label status'],
    ['nexus_handler_errors_total{code=~"TIMEOUT|TIMOUT"}', 'code of nexus_handler_errors_total is never TIMOUT'],
    ['nexus_cache_hits_total{tier!="ram"}', 'tier of nexus_cache_hits_total is never ram'],
    ['sum by (code) (rate(nexus_handler_kills_total[5m]))', 'nexus_handler_kills_total has no label code'],
    ['sum by (le) (rate(nexus_resume_duration_seconds_sum[5m]))', 'nexus_resume_duration_seconds_sum has no label le'],
    ['nexus_cache_hits_total{tier}', 'not understood: {tier}'],
  ])('would be found wrong: %s', (expr, problem) => {
    expect(problemsOf(expr)).toEqual([problem]);
  });

  it('can tell labels of ours from those that Prometheus gives', () => {
    for (const label of TARGET_LABELS) expect(LABEL_NAMES).not.toContain(label);
  });
});

describe('the alerts', () => {
  const anchors = anchorsOf(operations);

  it('have names of their own, in groups of their own', () => {
    expect(rules.length).toBeGreaterThanOrEqual(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
  });

  it.each(
    rules.map((rule) => [rule.alert, rule] as const),
  )('%s waits, says how bad it is, what it is and where to read on', (_name, {
    for: duration,
    labels,
    annotations,
    expr,
  }) => {
    expect(duration).toMatch(/^\d+[smh]$/);
    expect(['info', 'warning', 'critical']).toContain(labels?.['severity']);
    expect(annotations?.['summary']).toMatch(/\.$/);
    const [document, anchor = 'none'] = annotations?.['runbook']?.split('#') ?? [];
    expect(document).toBe('docs/operations.md');
    expect([...anchors]).toContain(anchor);
    // A summary names only labels that the expression leaves.
    const left = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
    for (const [, label] of (annotations?.['summary'] ?? '').matchAll(/\$labels\.(\w+)/g)) {
      expect(left).toContain(label);
    }
  });
});

describe('docs/operations.md', () => {
  it('has what it links to', async () => {
    const links = [...operations.matchAll(/\]\((?<target>[^)]+)\)/g)].map(({ groups: link }) => link?.['target'] ?? '');
    expect(links).toContain('metrics.md');
    for (const link of new Set(links)) {
      const [file = '', anchor] = link.split('#');
      const text = file === '' ? operations : await read(`docs/${file}`);
      if (anchor !== undefined) expect([...anchorsOf(text)], link).toContain(anchor);
    }
  });

  it('names only metrics that exist, and every code of an error', () => {
    for (const name of operations.match(/\bnexus_[a-z_]+/g) ?? []) {
      const isHistogram = definitionOf(`${name}_count`) !== undefined;
      expect(isHistogram || definitionOf(name) !== undefined, name).toBe(true);
    }
    const [, table = ''] = operations.split('### Errors by code');
    for (const code of METRICS.handler_errors_total.labels.code) expect(table).toContain(`\`${code}\``);
  });
});

describe('the dashboards', () => {
  it('have every metric of the catalog between them, and are two', () => {
    const targets = dashboards.flatMap(([, dashboard]) => targetsOf(dashboard));
    const shown = targets.flatMap(([, expr]) => expr.match(NAME) ?? []).map(definitionOf);
    const missing = Object.entries(METRICS).filter(([, definition]) => !shown.includes(definition));
    expect(missing.map(([name]) => name)).toEqual([]);
    expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(2);
  });
});

describe.each(dashboards)('%s', (_file, dashboard) => {
  const { panels } = dashboard;
  const variables = dashboard.templating.list;
  const targets = targetsOf(dashboard);

  it('has panels with ids of their own that lie beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken.get(`${column},${line}`), `${title} lies on it`).toBeUndefined();
          taken.set(`${column},${line}`, title);
        }
      }
    }
  });

  it('has queries in every panel but the rows, each with legends of labels that it leaves', () => {
    for (const { type, title, targets: own = [] } of panels) {
      if (type !== 'row') expect(own.length, title).toBeGreaterThan(0);
      for (const { expr, legendFormat } of own) {
        const left = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(left, title).toContain(label);
      }
    }
  });

  it('has the variables that it uses', () => {
    expect(variables.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(['datasource', 'job', 'instance']));
    for (const [title, expr] of targets) {
      for (const { groups: selector } of expr.matchAll(SELECTOR)) {
        expect(selector?.['matchers'], title).toMatch(/^job=~"\$job", instance=~"\$instance"/);
      }
    }
  });
});

describe('the labels of the metrics', () => {
  it.each([...LABEL_NAMES])('%s cannot be a label of the application', async (label) => {
    await expect(
      createRuntime({ cacheDir: false, metrics: { defaultLabels: { [label]: 'x' } } }),
    ).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
    });
  });

  it('are no others', async () => {
    const runtime = await createRuntime({ cacheDir: false, metrics: { defaultLabels: { region: 'x' } } });
    try {
      expect(await runtime.getPrometheusMetrics()).toContain('nexus_pool_queue_depth{region="x"} 0');
    } finally {
      await runtime.shutdown();
    }
  });
});
