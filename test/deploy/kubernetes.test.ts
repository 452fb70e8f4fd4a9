import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container, PodSpec, Service } from 'kubernetes-types/core/v1.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '#src/config/defaults.js';
import { configFromEnv } from '#src/config/env.js';
import { resolveCompilerConfig, resolveRuntimeConfig } from '#src/config/resolve.js';

import { findSchemaProblems, type Manifest } from './manifest-schema.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const run = promisify(execFile);
const MIB = 1024 * 1024;

/** Variables of the application, no options of the runtime. */
const APPLICATION_VARIABLES = ['PORT', 'HANDLERS_DIR'];
const SECRET = 'a secret of tests';

async function readManifests(name: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(join(folder, name), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

interface JsonPatch {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

/** The Deployment with the component that kustomization.yaml offers. */
async function readPrecompileVariant(): Promise<Deployment> {
  const component = parse(await readFile(join(folder, 'precompile/kustomization.yaml'), 'utf8')) as {
    kind: string;
    patches: { target: { kind: string; name: string }; patch: string }[];
  };
  expect(component).toMatchObject({
    kind: 'Component',
    patches: [{ target: { kind: 'Deployment', name: 'nexus-app' } }],
  });
  const patched = structuredClone(deployment);
  for (const { op, path, value } of component.patches.flatMap(({ patch }) => parse(patch) as JsonPatch[])) {
    expect(op).toBe('add');
    const [field = '', ...parents] = path.split('/').slice(1).reverse();
    const parent = parents.reduceRight<Record<string, unknown>>(
      (at, step) => at[step] as Record<string, unknown>,
      patched as Record<string, unknown>,
    );
    parent[field] = value;
  }
  return patched;
}

const manifests = await readManifests('deployment.yaml');
const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Deployment;
const service = manifests.find(({ kind }) => kind === 'Service') as Service;
const variant = await readPrecompileVariant();
const app = onlyContainer(podOf(deployment).containers);
const precompile = onlyContainer(podOf(variant).initContainers);

function podOf({ spec }: Deployment): PodSpec {
  if (spec?.template.spec === undefined) throw new Error('no pod');
  return spec.template.spec;
}

function onlyContainer(containers: readonly Container[] = []): Container {
  expect(containers).toHaveLength(1);
  return containers[0] as Container;
}

/** What the process of a container finds in its environment. */
function environmentOf({ env = [] }: Container): Record<string, string> {
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? (valueFrom ? SECRET : '')]));
}

function bytes(quantity: string | undefined): number {
  const match = /^(?<number>\d+)(?<unit>Ki|Mi|Gi)?$/.exec(quantity ?? '');
  const factors: Record<string, number> = { Ki: 1024, Mi: MIB, Gi: 1024 * MIB };
  if (match?.groups === undefined) throw new Error(`${quantity} is no quantity of bytes`);
  return Number(match.groups['number']) * (factors[match.groups['unit'] ?? ''] ?? 1);
}

const options = configFromEnv(environmentOf(app));
const config = resolveRuntimeConfig(options);

describe('the manifests', () => {
  it('hold to the schema of Kubernetes', () => {
    expect(findSchemaProblems([...manifests, variant as Manifest])).toEqual([]);
  });

  it.each([
    [
      'a misspelt field',
      { ...app, livenesProbe: app.livenessProbe },
      /'"livenesProbe"' does not exist in type 'Container'/,
    ],
    [
      'a misspelt field further in',
      { ...app, resources: { limit: {} } },
      /'"limit"' does not exist in type 'ResourceRequirements'/,
    ],
    [
      'a number as a string',
      { ...app, ports: [{ containerPort: '8080' }] },
      /'string' is not assignable to type 'number'/,
    ],
    ['a missing name', { ...app, name: undefined }, /'name' is missing/],
  ])('would not with %s', (_title, container, problem) => {
    const broken = structuredClone(deployment);
    podOf(broken).containers = [container as Container];
    expect(findSchemaProblems([broken as Manifest]).join('\n')).toMatch(problem);
  });

  it('would not with a kind or version that Kubernetes does not have', () => {
    expect(findSchemaProblems([{ ...deployment, kind: 'Deploymnet' } as Manifest])).toHaveLength(1);
    expect(findSchemaProblems([{ ...deployment, apiVersion: 'apps/v1beta3' } as Manifest])).toHaveLength(1);
  });

  it('select the pods that they make, by the port that the pods have', () => {
    const labels = deployment.spec?.template.metadata?.labels;
    expect(labels).toMatchObject(deployment.spec?.selector.matchLabels ?? { none: true });
    expect(labels).toMatchObject(service.spec?.selector ?? { none: true });
    expect(app.ports?.map(({ name }) => name)).toContain(service.spec?.ports?.[0]?.targetPort);
    expect(app.ports?.map(({ containerPort }) => String(containerPort))).toEqual([environmentOf(app)['PORT']]);
  });

  it('are what the kustomization is made of', async () => {
    const kustomization = await readFile(join(folder, 'kustomization.yaml'), 'utf8');
    const { resources, images } = parse(kustomization) as {
      resources: string[];
      images: { name: string; newTag: string }[];
    };
    for (const resource of resources) expect((await stat(join(folder, resource))).isFile()).toBe(true);
    for (const { image } of [app, precompile]) expect(image).toBe(`${images[0]?.name}:${images[0]?.newTag}`);
    // The line to take out of its comment.
    const [, component = 'none'] = /^# components:\n# {3}- (.+)$/m.exec(kustomization) ?? [];
    expect(await readdir(join(folder, component))).toContain('kustomization.yaml');
  });
});

describe('the cache volume', () => {
  const volume = podOf(deployment).volumes?.find(({ name }) => name === 'cache');
  const sizeLimit = bytes(volume?.emptyDir?.sizeLimit);

  it('is 128 MiB of memory, mounted where CACHE_DIR says', () => {
    expect(volume).toEqual({ name: 'cache', emptyDir: { medium: 'Memory', sizeLimit: '128Mi' } });
    expect(app.volumeMounts).toEqual([{ name: 'cache', mountPath: config.cache.cacheDir }]);
    expect(config.cache.cacheDir).toBe('/tmp/nexus-cache');
  });

  it('is larger than the cap of the cache', () => {
    expect(config.cache.maxDiskCacheSizeBytes).toBe(96 * MIB);
    expect(config.cache.maxDiskCacheSizeBytes).toBeLessThan(sizeLimit);
  });

  it('fits into the memory limit with everything else, and all of it is requested', () => {
    const { requests, limits } = app.resources ?? {};
    const { maxInstances, memoryLimitBytes } = config.pool;
    // As in docs/caching.md: two VMs while one is replaced, compiler, handler images, thread.
    const worker = 2 * memoryLimitBytes + (64 + 32 + 32) * MIB;
    const runtime = sizeLimit + config.cache.maxCacheSizeBytes + maxInstances * worker;
    expect(runtime).toBe((128 + 64 + 384) * MIB);
    expect(bytes(limits?.['memory'])).toBe(runtime + 320 * MIB);
    expect(requests?.['memory']).toBe(limits?.['memory']);
    expect(Number(limits?.['cpu'])).toBeGreaterThan(maxInstances);
  });

  it('is what the documentation works with', async () => {
    const docs = await readFile(new URL('../../docs/caching.md', import.meta.url), 'utf8');
    const rows = [...docs.matchAll(/^\| .+ \| +(?<mib>\d+) MiB +\|$/gm)].map(({ groups }) => Number(groups?.['mib']));
    expect(rows).toEqual([128, 64, 384, 320, 896]);
    const { sizeLimit: documented } = /sizeLimit: (?<sizeLimit>\w+)/.exec(docs)?.groups ?? {};
    expect(documented).toBe(volume?.emptyDir?.sizeLimit);
  });
});

describe('the environment', () => {
  it('gives the runtime its options', () => {
    expect(config).toMatchObject({
      cache: { maxCacheSizeBytes: 64 * MIB, maxSourceBytes: 256 * 1024, cacheSecrets: [Buffer.from(SECRET)] },
      pool: { maxInstances: 2, minInstances: 2, memoryLimitBytes: 32 * MIB },
      limits: { timeoutMs: 1_000 },
    });
  });

  it.each(
    [app, precompile].flatMap((container) =>
      Object.entries(environmentOf(container)).map((entry) => [container.name, ...entry]),
    ),
  )('of %s: %s is read by the runtime or by the application', (_container, name = '', value) => {
    expect(Object.keys(configFromEnv({ [name]: value }))).toHaveLength(APPLICATION_VARIABLES.includes(name) ? 0 : 1);
  });

  it('has its secret from a Secret that may be absent', () => {
    const secret = { name: 'nexus-cache', key: 'secret', optional: true };
    for (const { env } of [app, precompile]) {
      expect(env).toContainEqual({ name: 'CACHE_SECRET', valueFrom: { secretKeyRef: secret } });
    }
  });
});

describe('the pod', () => {
  it('asks the application when it starts, when it is ready and whether it lives', async () => {
    const server = await readFile(join(folder, 'server.mjs'), 'utf8');
    for (const probe of [app.startupProbe, app.readinessProbe, app.livenessProbe]) {
      expect(probe?.httpGet?.port).toBe('http');
      expect(server).toContain(`'GET ${probe?.httpGet?.path}'`);
    }
  });

  it('runs as nobody in particular, without rights, on a root it cannot write', () => {
    expect(podOf(deployment)).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        fsGroup: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    for (const { securityContext } of [app, precompile]) {
      // No container sets its own user: files of the init container must belong to the user of the application.
      expect(securityContext).toEqual({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('has the time to drain before it is killed', () => {
    const { terminationGracePeriodSeconds = 0 } = podOf(deployment);
    const preStopSeconds = app.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(terminationGracePeriodSeconds).toBe(30);
    expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(preStopSeconds * 1000 + DEFAULT_DRAIN_TIMEOUT_MS);
  });
});

describe('the init container', () => {
  it('has the image, the volume, the size and the settings of the cache of the application', () => {
    expect(precompile.image).toBe(app.image);
    expect(precompile.volumeMounts).toEqual(app.volumeMounts);
    expect(precompile.resources).toEqual(app.resources);
    expect(resolveCompilerConfig(configFromEnv(environmentOf(precompile))).cache).toEqual(config.cache);
  });
});

describe('the programs', () => {
  let directory: string;
  let cacheDir: string;
  let started: ChildProcess[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nexus-deploy-'));
    cacheDir = join(directory, 'cache');
    started = [];
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  /** The environment of the manifest and nothing else, except what a test needs for itself. */
  const environment = (container: Container, own: Record<string, string> = {}) => ({
    ...environmentOf(container),
    CACHE_DIR: cacheDir,
    ...own,
  });

  async function startServer() {
    const [, program = ''] = app.command ?? [];
    const child = spawn(process.execPath, [join(folder, program)], { env: environment(app, { PORT: '0' }) });
    started.push(child);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const exited = once(child, 'exit').then(([code]) => code as number);
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk) => resolve(/port (\d+)/.exec(String(chunk))?.[1] ?? ''));
      exited.then(() => reject(new Error(`it ended: ${stderr}`)));
    });
    const url = `http://127.0.0.1:${port}`;
    const post = (body: string) => fetch(`${url}/run`, { method: 'POST', body });
    const execute = async (handler: object) => (await post(JSON.stringify(handler))).json() as Promise<object>;
    const stop = async () => {
      child.kill('SIGTERM');
      return { code: await exited, stderr };
    };
    return { url, post, execute, stop };
  }

  it('serve, measure, drain and end with 0', async () => {
    const { url, post, execute, stop } = await startServer();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await execute({ code: 'return $args.missing.field', args: {} })).toMatchObject({ status: 'error' });
    expect(await execute({ code: '$emit("done", $args); return BigInt($args)', args: 42 })).toMatchObject({
      status: 'success',
      returnValue: '42',
      events: [{ name: 'done', payload: 42 }],
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/nexus_handler_executions_total{status="success"} 2/);
    expect((await post('{ code')).status).toBe(400);
    expect((await post('null')).status).toBe(400);
    expect((await post('x'.repeat(2 * MIB))).status).toBe(413);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);

    const slow = execute({ code: 'const end = Date.now() + 800; while (Date.now() < end); return "drained"' });
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    await expect.poll(metrics, { timeout: 20_000, interval: 20 }).toContain('nexus_pool_instances{state="busy"} 1');
    const stopped = stop();
    expect(await slow).toMatchObject({ returnValue: 'drained' });
    expect(await stopped).toEqual({ code: 0, stderr: '' });
  });

  it('find what the init container compiled', async () => {
    const handlers = join(directory, 'handlers');
    await mkdir(handlers);
    const code = 'return $args + 1';
    await writeFile(join(handlers, 'increment.js'), code);
    await writeFile(join(handlers, 'broken.js'), 'return (');
    const [, program = ''] = precompile.command ?? [];
    const env = environment(precompile, { HANDLERS_DIR: handlers });
    const { stdout, stderr } = await run(process.execPath, [join(folder, program)], { env });
    expect(stdout).toBe('1 compiled, 0 in the cache already, 1 failed\n');
    expect(stderr).toMatch(/^broken\.js: SyntaxError/);

    const { execute, stop } = await startServer();
    expect(await execute({ code, filename: 'increment.js', args: 1 })).toMatchObject({
      returnValue: 2,
      metrics: { cacheTier: 'disk' },
    });
    expect(await stop()).toEqual({ code: 0, stderr: '' });
  });
});
