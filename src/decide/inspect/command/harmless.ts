import type { Frame, Invocation } from './frame.ts'
import { operandsOf } from './match.ts'
import { HARMLESS, LOOKING_SUBCOMMANDS } from './rules/harmless.ts'
import { isSystemProgram } from './name.ts'

const PLAIN = new Map(
  HARMLESS.flatMap(({ of, unless }) =>
    of.split(' ').map((name): [string, RegExp | undefined] => [name, unless]),
  ),
)
const LOOKING = new Map(
  Object.entries(LOOKING_SUBCOMMANDS).map(([name, { sub, unless }]) => [
    name,
    { sub: new Set(sub.split(' ')), unless },
  ]),
)

/** Whether a program that no rule spoke of is known to only look, given these arguments. */
export function isHarmless({ name, argv }: Invocation, { context }: Frame): boolean {
  const head = argv[0]!.text
  if (!isSystemProgram(head)) return false
  const place = head.includes('/') ? undefined : context.resolve?.(head)
  // a program of that name in somebody's own directory is another program
  if (place !== undefined && !isSystemProgram(place)) return false
  const args = argv.slice(1)
  const line = args.map(({ text }) => text).join(' ')
  if (PLAIN.has(name)) return PLAIN.get(name)?.test(line) !== true
  const looking = LOOKING.get(name)
  if (looking !== undefined) {
    const [first, second] = operandsOf(name, args)
    const isLooking =
      first === undefined
        ? /^(?:--?(?:version|help|h|v|V)|)$/.test(line)
        : looking.sub.has(first.text) || looking.sub.has(`${first.text}.${second?.text ?? ''}`)
    return isLooking && looking.unless?.test(line) !== true
  }
  return args.length > 0 && /^(?:--version|--help|-version|version|help)$/.test(line)
}
