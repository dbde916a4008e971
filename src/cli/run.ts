import type { Client } from '../client/connect.ts'
import { nearest } from '../core/nearest.ts'
import type { Clock } from '../platform/clock.ts'
import { loadConfig, profileBanner, type Config } from '../platform/config.ts'
import type { Command, Context, Registry } from './command.ts'
import type { DaemonAccess } from '../client/open.ts'
import { complete } from './complete.ts'
import { describeCommand } from './document.ts'
import { EXIT } from './exit.ts'
import { CliError, CLI_ERRORS, reportFailure } from './failure.ts'
import { GLOBALS } from './globals.ts'
import { nounHelp, overview, showHelp } from './help.ts'
import { createOut, type Out, type Sink } from './out.ts'
import { optionName } from './param.ts'
import { flagsOf, parseCommand, type Globals } from './parse.ts'
import { telling } from './waiting.ts'

/** Everything the command line touches, so that a test can be the world. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: Sink
  readonly stderr: Sink
  readonly clock: Clock
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal
  readonly registry: Registry
  readonly openClient: (access: DaemonAccess) => Promise<Client>
  /** Where the machine's own configuration stands; told only by tests. */
  readonly systemFile?: string
}

/** Runs one command line. Never throws; every end has its exit code. */
export async function runCli(words: readonly string[], world: World): Promise<number> {
  let out = outOf(world, guessGlobals(words))
  try {
    if (words[0] === '__complete') return await complete(words[1], () => clientOf(world), world.stdout)
    const { leading, name, behind } = withVersion(findCommand(words, world.registry))
    if (name === undefined) {
      refuseUnknown(leading)
      return await withoutCommand(behind, out, world.registry)
    }
    const command = await world.registry[name]!()
    const parsed = parseCommand(command, [...leading, ...behind])
    if (parsed === undefined) return showHelp(describeCommand(command), out)
    out = outOf(world, parsed.globals)
    return await runCommand(command, parsed.input, parsed.globals, out, world)
  } catch (error) {
    return reportFailure(error, out)
  }
}

async function runCommand(
  command: Command,
  input: Readonly<Record<string, unknown>>,
  globals: Globals,
  out: Out,
  world: World,
): Promise<number> {
  const clients: Promise<Client>[] = []
  const config = command.needsConfig ? await readConfig(command, globals, world) : undefined
  const banner = config && profileBanner(config)
  if (banner !== undefined) out.note(banner)
  const context: Context = {
    // a command that said it needs none does not get one
    config: config as Config,
    out,
    clock: world.clock,
    signal: world.signal,
    stdin: world.stdin,
    canAsk: !globals.noInput && world.stdin.isTTY === true && world.stderr.isTTY === true,
    cwd: world.cwd,
    home: world.home,
    registry: world.registry,
    environment: world.env,
    client: ({ start = true } = {}) =>
      (clients[0] ??= readConfig(command, globals, world).then((read) =>
        telling(
          out,
          'waiting for the daemon',
          world.openClient({ config: read, environment: world.env, start }),
        ),
      )),
  }
  try {
    const running = command.run(input, context)
    const code = command.handlesInterrupt ? await running : await orInterrupted(running, world.signal)
    return code ?? EXIT.ok
  } finally {
    for (const client of await Promise.allSettled(clients)) {
      if (client.status === 'fulfilled') client.value.close()
    }
  }
}

function readConfig(command: Command, globals: Globals, world: World): Promise<Config> {
  return loadConfig({
    env: world.env,
    flags: flagsOf(command.name, globals),
    cwd: world.cwd,
    home: world.home,
    ...(world.systemFile !== undefined && { systemFile: world.systemFile }),
  })
}

/** A client of the daemon that runs, if one does. */
async function clientOf(world: World): Promise<Client> {
  const { env, cwd, home } = world
  return world.openClient({
    config: await loadConfig({ env, flags: {}, cwd, home }),
    environment: env,
    start: false,
  })
}

function orInterrupted(running: Promise<number | void>, signal: AbortSignal): Promise<number | void> {
  const interrupted = Promise.withResolvers<number>()
  const onAbort = (): void => interrupted.resolve(EXIT.interrupted)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  // an error that comes after the interruption is of no interest to anybody
  running.catch(() => undefined)
  return Promise.race([running, interrupted.promise]).finally(() =>
    signal.removeEventListener('abort', onAbort),
  )
}

interface Found {
  /** Global options before the command's name. */
  readonly leading: readonly string[]
  readonly name: string | undefined
  /** What follows the name; without a name, every word that is no option. */
  readonly behind: readonly string[]
}

const WITH_VALUE = new Set(
  Object.entries(GLOBALS)
    .filter(([, param]) => param.takes !== 'none')
    .map(([key]) => optionName(key)),
)

/** The longest name in the registry that the words begin with, global options before it left aside. */
function findCommand(words: readonly string[], registry: Registry): Found {
  let start = 0
  while (words[start]?.startsWith('-') === true && words[start] !== '--') {
    start += WITH_VALUE.has(words[start] ?? '') ? 2 : 1
  }
  const leading = words.slice(0, start)
  for (const count of [3, 2, 1]) {
    const name = words.slice(start, start + count).join(' ')
    if (words.length >= start + count && Object.hasOwn(registry, name)) {
      return { leading, name, behind: words.slice(start + count) }
    }
  }
  return { leading, name: undefined, behind: words.slice(start) }
}

/** `warder --version --json` is the command `version`. */
function withVersion(found: Found): Found {
  const { leading, name, behind } = found
  const others = leading.filter((word) => word !== '--version' && word !== '-V')
  if (name !== undefined || behind.length > 0 || others.length === leading.length) return found
  return { leading: others, name: 'version', behind: [] }
}

const LEADING = new Set([
  ...['--help', '-h'],
  ...Object.entries(GLOBALS).flatMap(([key, { short }]) =>
    short === undefined ? [optionName(key)] : [optionName(key), `-${short}`],
  ),
])

/** A misspelt option must not look like a call for help. */
function refuseUnknown(leading: readonly string[]): void {
  const given = leading.filter((word) => word.startsWith('-')).map((word) => word.split('=', 1)[0] ?? '')
  const unknown = given.find((word) => !LEADING.has(word))
  if (unknown === undefined) return
  const guess = nearest(unknown, [...LEADING, '--version'])
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `unknown option '${unknown}'`,
    fix: guess === undefined ? 'see: warder --help' : `did you mean: warder ${guess}`,
  })
}

async function withoutCommand(words: readonly string[], out: Out, registry: Registry): Promise<number> {
  const [noun] = words
  if (noun === undefined || noun.startsWith('-')) return showHelp(overview(registry), out)
  const names = Object.keys(registry)
  const verbs = names.filter((name) => name.startsWith(`${noun} `))
  const verb = words[1]
  if (verbs.length > 0 && (verb === undefined || verb.startsWith('-'))) {
    return showHelp(await nounHelp(registry, noun), out)
  }
  const written = verbs.length > 0 ? `${noun} ${verb}` : nearestWritten(words, names)
  const guess = nearest(written, verbs.length > 0 ? verbs : names)
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `there is no command "${written}"`,
    fix:
      guess !== undefined
        ? `did you mean: warder ${guess}`
        : verbs.length > 0
          ? `use one of: ${verbs.join(', ')}`
          : 'see all of them: warder --help',
  })
}

/** As many words as the nearest command has, so that `grnat add x` is compared as `grnat add`. */
function nearestWritten(words: readonly string[], names: readonly string[]): string {
  const two = words.slice(0, 2).join(' ')
  return nearest(two, names) !== undefined ? two : (words[0] ?? '')
}

/** Before the words are parsed: how an error in them should be printed. */
function guessGlobals(words: readonly string[]): Pick<Globals, 'json' | 'quiet' | 'verbose' | 'noColor'> {
  const end = words.indexOf('--')
  const before = end === -1 ? words : words.slice(0, end)
  const has = (...names: string[]): boolean => names.some((name) => before.includes(name))
  return {
    json: has('--json'),
    quiet: has('--quiet', '-q'),
    verbose: has('--verbose', '-v'),
    noColor: has('--no-color'),
  }
}

function outOf(world: World, globals: Pick<Globals, 'json' | 'quiet' | 'verbose' | 'noColor'>): Out {
  const { env, stdout, stderr } = world
  const isPlain = globals.noColor || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  const { json, quiet, verbose } = globals
  return createOut({ stdout, stderr, json, quiet, verbose, color: !isPlain })
}
