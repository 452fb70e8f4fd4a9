import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container } from 'kubernetes-types/core/v1.js';
import { createRuntime } from 'nexus-runtime';
import { bullmq } from 'nexus-runtime/bullmq';
import { PostgresSuspensionStore } from 'nexus-runtime/postgres';
import { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { DEFAULT_DRAIN_TIMEOUT_MS } from '#src/config/defaults.js';
import { configFromEnv } from '#src/config/env.js';
import { METRICS } from '#src/metrics/catalog.js';
import { POSTGRES, REDIS, titleOf } from '../support/servers/installed.mjs';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { findSchemaProblems, type Manifest } from './manifest-schema.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes/fleet/', import.meta.url));
const read = (path: string) => readFile(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');
const manifestsOf = async (name: string): Promise<Manifest[]> =>
  parseAllDocuments(await read(`kubernetes/fleet/${name}`)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });

/** Variables of worker.mjs, no options of the runtime. */
const OWN_VARIABLES = ['PORT', 'DATABASE_URL', 'REDIS_URL', 'EXTENSIONS'];
const SECRET = 'a secret of sixteen bytes';
const fleet = (await manifestsOf('fleet.yaml')) as unknown as Deployment[];
const containers = fleet.map(({ spec }) => spec?.template.spec?.containers[0] as Container);
const environmentOf = ({ env = [] }: Container) =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? (valueFrom ? SECRET : '')]));

describe('the manifests of a fleet', () => {
  it.each(['fleet.yaml', 'store.yaml'])('%s holds to the schema of Kubernetes', async (name) => {
    expect(findSchemaProblems(await manifestsOf(name))).toEqual([]);
  });

  it('have executors and callers, with the time to drain, and new ones before old ones end', () => {
    expect(fleet.map(({ metadata }) => metadata?.name)).toEqual(['nexus-executor', 'nexus-caller']);
    for (const { spec } of fleet) {
      const pod = spec?.template.spec;
      expect((pod?.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(DEFAULT_DRAIN_TIMEOUT_MS + 10_000);
      expect(spec?.strategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
      expect(spec?.template.metadata?.labels).toMatchObject(spec?.selector.matchLabels ?? { none: true });
      expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    }
    for (const { securityContext, ports } of containers) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
      expect(ports?.map(({ containerPort }) => `${containerPort}`)).toEqual([
        environmentOf(containers[0] as Container)['PORT'],
      ]);
    }
  });

  it('have variables that the runtime or worker.mjs reads, and share their secrets', async () => {
    const program = await read('kubernetes/fleet/worker.mjs');
    for (const name of OWN_VARIABLES) expect(program).toContain(name);
    for (const [name, value] of containers.flatMap((container) => Object.entries(environmentOf(container)))) {
      expect(Object.keys(configFromEnv({ [name]: value })), name).toHaveLength(OWN_VARIABLES.includes(name) ? 0 : 1);
    }
    const secretsOf = ({ env = [] }: Container) => env.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined);
    expect(secretsOf(containers[0] as Container)).toEqual(secretsOf(containers[1] as Container));
  });

  it('are what the kustomization is made of', async () => {
    const text = await read('kubernetes/fleet/kustomization.yaml');
    const { resources, images } = parse(text) as { resources: string[]; images: { name: string; newTag: string }[] };
    const optional = [...text.matchAll(/^# {3}- (.+)$/gm)].map(([, name]) => name);
    expect([...resources, ...optional]).toEqual(['fleet.yaml', 'store.yaml', 'keda.yaml']);
    for (const { image } of containers) expect(image).toBe(`${images[0]?.name}:${images[0]?.newTag}`);
  });

  it('scale executors by gauges of ours, as KEDA takes it', async () => {
    const [scaled] = (await manifestsOf('keda.yaml')) as unknown as [
      {
        apiVersion: string;
        kind: string;
        spec: {
          scaleTargetRef: { name: string };
          minReplicaCount: number;
          maxReplicaCount: number;
          triggers: { type: string; metadata: Record<string, unknown> }[];
        };
      },
    ];
    expect(scaled).toMatchObject({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' });
    const { scaleTargetRef, minReplicaCount, maxReplicaCount, triggers } = scaled.spec;
    expect(fleet.map(({ metadata }) => metadata?.name)).toContain(scaleTargetRef.name);
    expect(minReplicaCount).toBeLessThan(maxReplicaCount);
    const queried = triggers.map(({ type, metadata }) => {
      expect(type).toBe('prometheus');
      // KEDA takes strings.
      for (const name of ['serverAddress', 'query', 'threshold', 'activationThreshold'])
        expect(metadata[name], name).toEqual(expect.any(String));
      expect(Number(metadata['threshold'])).toBeGreaterThan(0);
      return /^max\(nexus_(?<name>\w+)\{deployment=~"\.\+"\}\)$/.exec(String(metadata['query']))?.groups?.['name'];
    });
    expect(queried).toEqual(['runs_due', 'runs_due_lag_seconds']);
    for (const name of queried) {
      const definition = METRICS[name as 'runs_due'];
      expect([definition.type, Object.keys(definition.labels)]).toEqual(['gauge', ['deployment']]);
    }
  });
});

describe('the services of Compose', async () => {
  interface Service {
    readonly image: string;
    readonly command?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
    readonly stop_grace_period?: string;
    readonly healthcheck?: object;
    readonly volumes?: readonly string[];
  }
  const { services, volumes } = parse(await read('compose/fleet.yaml'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
    volumes: object;
  };

  it('start the programs of the manifests, once their servers are healthy, and let them drain', () => {
    expect(Object.keys(services)).toEqual(['executor', 'caller', 'postgres', 'redis']);
    for (const [index, name] of ['executor', 'caller'].entries()) {
      const { image, command, depends_on: needs = {}, stop_grace_period: grace = '' } = services[name] as Service;
      expect(image).toBe(containers[index]?.image);
      expect(command).toEqual(containers[index]?.command);
      for (const [server, { condition }] of Object.entries(needs)) {
        expect(condition).toBe('service_healthy');
        expect(services[server]?.healthcheck).toBeDefined();
      }
      expect(Object.keys(needs)).toEqual(['postgres', 'redis']);
      expect(Number.parseInt(grace, 10) * 1_000).toBeGreaterThan(DEFAULT_DRAIN_TIMEOUT_MS + 10_000);
    }
    for (const { volumes: mounted = [] } of Object.values(services))
      for (const mount of mounted) expect(Object.keys(volumes)).toContain(mount.split(':')[0]);
  });

  it('have the variables of the manifests', () => {
    for (const [index, name] of ['executor', 'caller'].entries()) {
      const given = Object.keys({ PORT: '', ...services[name]?.environment }).sort();
      expect(given).toEqual(Object.keys(environmentOf(containers[index] as Container)).sort());
    }
  });

  it('have a Redis that evicts nothing, as in the manifests', async () => {
    const redis = (await manifestsOf('store.yaml')).find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
    const [, ...args] = services['redis']?.command ?? [];
    expect(args).toEqual(redis.spec?.template.spec?.containers[0]?.args);
    expect(args.join(' ')).toContain('--maxmemory-policy noeviction');
  });
});

describe.skipIf(!(REDIS && POSTGRES))(
  titleOf('the program of a fleet', REDIS && POSTGRES, 'redis-server or PostgreSQL'),
  () => {
    it('executes and calls, says what is due, drains at SIGTERM and ends with 0', async () => {
      const [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
      const children: ChildProcess[] = [];
      const start = async (container: Container) => {
        const [, program = '', role = ''] = container.command ?? [];
        const env = { ...environmentOf(container), DATABASE_URL: postgres.url, REDIS_URL: redis.url, PORT: '0' };
        const child = spawn(process.execPath, [program, role], { cwd: folder, env });
        children.push(child);
        let text = '';
        const ended = once(child, 'exit').then(([code]) => ({ code, text }));
        const port = await new Promise<string>((resolve, reject) => {
          for (const stream of [child.stdout, child.stderr])
            stream.on('data', (chunk) => {
              text += chunk;
              const found = / on port (\d+)/.exec(text)?.[1];
              if (found !== undefined) resolve(found);
            });
          void ended.then(() => reject(new Error(`it ended: ${text}`)));
        });
        const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
        const stop = async () => {
          child.kill('SIGTERM');
          return (await ended).code;
        };
        return { get, stop };
      };
      const pool = new Pool({ connectionString: postgres.url, max: 2 });
      const client = new Redis(redis.url, { maxRetriesPerRequest: null });
      try {
        const [executor, caller] = await Promise.all(containers.map(start));
        const runtime = await createRuntime({
          ...{ cacheDir: false, maxInstances: 1, suspensionSecret: SECRET, dispatcher: bullmq({ connection: client }) },
          suspensionStore: new PostgresSuspensionStore({ pool }),
        });
        const code = "$emit('priced', 1); return await $ext.shop.price($args) + await $ext.shop.price('pear')";
        const capabilities = ['ext:*', 'events:emit:*'];
        const run = await runtime.start(code, { args: 'apple', capabilities });
        expect((await run.result()).returnValue).toBe(7);
        expect(await executor?.get('/readyz')).toBe('ready');
        expect(await executor?.get('/metrics')).toMatch(
          new RegExp(`^nexus_runs_due\\{deployment="${runtime.deployment}"\\} 0$`, 'm'),
        );
        expect(await caller?.get('/metrics')).toMatch(/^nexus_tasks_total\{kind="call"\} [2-9]$/m);
        expect(await Promise.all([executor?.stop(), caller?.stop()])).toEqual([0, 0]);
        await runtime.shutdown();
      } finally {
        for (const child of children) child.kill('SIGKILL');
        client.disconnect();
        await pool.end();
        await Promise.all([redis.dispose(), postgres.dispose()]);
      }
    }, 120_000);
  },
);
