import { NATIVE_TSC } from './native-tsc.ts'

/** The stages of `npm test`. */
export interface Check {
  readonly name: string
  readonly argv: readonly string[]
  /** Where the command writes its counts; a check without it passes by exit code and counts as one. */
  readonly report?: { readonly format: 'vitest' | 'counts'; readonly file: string }
}

export interface Stage {
  readonly name: string
  readonly checks: readonly Check[]
  /** Stages that must have run before; added when this one is asked for alone. They come earlier in {@link STAGES}. */
  readonly needs?: readonly string[]
  /** Stages of a lane run one after the other, lanes beside each other: networks and browsers wait a lot, checks compute. */
  readonly lane: 'checks' | 'nodes' | 'networks'
  /** Runs only when named, or when everything is asked for: what a release needs besides, and what is drawn anew each time. */
  readonly optional?: true
  readonly timeoutMs: number
}

const MINUTE_MS = 60_000
export const RESULTS_FOLDER = '.cache/test'

export const STAGES: readonly Stage[] = [
  {
    name: 'lint',
    lane: 'checks',
    checks: [
      { name: 'biome', argv: ['biome', 'ci', '--colors=off', '--diagnostic-level=warn', '--error-on-warnings'] }
    ],
    timeoutMs: MINUTE_MS
  },
  {
    name: 'types',
    lane: 'checks',
    checks: [
      { name: 'everything', argv: ['node', NATIVE_TSC, '-p', 'tsconfig.json'] },
      { name: 'sdk without Node', argv: ['node', NATIVE_TSC, '-p', 'tsconfig.sdk.json'] }
    ],
    timeoutMs: 3 * MINUTE_MS
  },
  {
    name: 'imports',
    lane: 'checks',
    checks: [{ name: 'directions', argv: ['node', 'scripts/check-imports.ts'] }],
    timeoutMs: MINUTE_MS
  },
  {
    name: 'lock',
    lane: 'checks',
    checks: [{ name: 'complete', argv: ['node', 'scripts/complete-lock.ts', '--check'] }],
    timeoutMs: MINUTE_MS
  },
  {
    name: 'unused',
    lane: 'checks',
    checks: [{ name: 'knip', argv: ['knip', '--no-progress'] }],
    timeoutMs: 2 * MINUTE_MS
  },
  {
    name: 'kernels',
    lane: 'networks',
    checks: [{ name: 'WebAssembly', argv: ['node', 'wasm/build.ts'] }],
    timeoutMs: 3 * MINUTE_MS
  },
  { name: 'unit', lane: 'checks', needs: ['kernels'], checks: [vitest('unit')], timeoutMs: 10 * MINUTE_MS },
  { name: 'program', lane: 'checks', checks: [vitest('program')], timeoutMs: 5 * MINUTE_MS },
  { name: 'node', lane: 'nodes', needs: ['kernels'], checks: [vitest('node')], timeoutMs: 10 * MINUTE_MS },
  { name: 'apart', lane: 'nodes', needs: ['kernels'], checks: [vitest('apart')], timeoutMs: 5 * MINUTE_MS },
  {
    name: 'build',
    lane: 'networks',
    needs: ['kernels'],
    checks: [
      { name: 'SDK', argv: ['node', 'scripts/build.ts'] },
      { name: 'relay', argv: ['node', 'relay-server/build.ts'] }
    ],
    timeoutMs: 5 * MINUTE_MS
  },
  {
    name: 'package',
    lane: 'nodes',
    optional: true,
    needs: ['build'],
    checks: [
      { name: 'publint', argv: ['publint', '--strict'] },
      { name: 'publint, relay', argv: ['publint', 'relay-server', '--strict'] },
      { name: 'attw', argv: ['attw', '--pack', '.', '--profile', 'esm-only'] },
      { name: 'size-limit', argv: ['size-limit'] },
      { name: 'typedoc', argv: ['typedoc', '--emit', 'none'] },
      { name: 'examples', argv: ['node', 'scripts/check-examples.ts'] }
    ],
    timeoutMs: 5 * MINUTE_MS
  },
  {
    name: 'browser',
    lane: 'nodes',
    needs: ['kernels'],
    checks: [
      {
        name: 'chromium',
        argv: ['web-test-runner'],
        report: { format: 'counts', file: `${RESULTS_FOLDER}/browser.json` }
      }
    ],
    timeoutMs: 10 * MINUTE_MS
  },
  { name: 'links', lane: 'nodes', needs: ['build'], checks: [vitest('links')], timeoutMs: 10 * MINUTE_MS },
  { name: 'e2e', lane: 'networks', needs: ['build'], checks: [vitest('e2e')], timeoutMs: 25 * MINUTE_MS },
  {
    name: 'chaos',
    lane: 'networks',
    optional: true,
    needs: ['build'],
    checks: [vitest('chaos')],
    timeoutMs: 25 * MINUTE_MS
  },
  {
    name: 'consumers',
    lane: 'networks',
    optional: true,
    needs: ['build'],
    checks: [
      {
        name: 'matrix',
        argv: ['node', 'test/consumers/run.ts'],
        report: { format: 'counts', file: `${RESULTS_FOLDER}/consumers.json` }
      }
    ],
    timeoutMs: 10 * MINUTE_MS
  }
]

function vitest(project: string): Check {
  const file = `${RESULTS_FOLDER}/${project}.json`
  return {
    name: 'vitest',
    argv: ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    report: { format: 'vitest', file }
  }
}

/** Asks for the optional stages, too. */
const ALL = 'all'

/**
 * The stages that `names` ask for, with what they need, in the order of {@link STAGES}; all but the optional ones for none.
 * @throws Error naming the stages that exist, when one of `names` does not
 */
export function chooseStages(names: readonly string[]): readonly Stage[] {
  if (names.includes(ALL)) return STAGES
  if (names.length === 0) return STAGES.filter(({ optional }) => !optional)
  const wanted = new Set<string>()
  const want = (name: string): void => {
    const stage = STAGES.find(candidate => candidate.name === name)
    if (stage === undefined) {
      throw new Error(`no stage "${name}"; there are: ${[...STAGES.map(({ name }) => name), ALL].join(', ')}`)
    }
    wanted.add(name)
    for (const needed of stage.needs ?? []) want(needed)
  }
  names.forEach(want)
  return STAGES.filter(stage => wanted.has(stage.name))
}

/** Run each stage once those before it in its lane, and those it needs, have ended. `stages` are in the order of {@link STAGES}. */
export async function runInLanes(stages: readonly Stage[], run: (stage: Stage) => Promise<void>): Promise<void> {
  const ended = new Map<string, Promise<void>>()
  const lanes = new Map<Stage['lane'], Promise<void>>()
  for (const stage of stages) {
    const before = [lanes.get(stage.lane), ...(stage.needs ?? []).map(name => ended.get(name))]
    const end = Promise.all(before).then(() => run(stage))
    ended.set(stage.name, end)
    lanes.set(stage.lane, end)
  }
  await Promise.all(ended.values())
}
