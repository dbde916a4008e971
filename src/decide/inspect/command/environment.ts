import { isAtLeast } from '../../../core/risk.ts'
import { say, type Frame, type Rating } from './frame.ts'
import { HIJACKS } from './rules/environment.ts'
import { SHELL_COMMAND, SHELL_PATH } from './shell-path.ts'
import { shown } from './touch.ts'
import { plainName } from './name.ts'
import { rateHeld } from './held.ts'
import type { Field } from './word.ts'

/**
 * Rates one `NAME=value` of an environment: some make programs load or run what they name.
 *
 * @param argv the program it is for; empty when it is for all that follow
 */
export function rateEnvironment(field: Field, frame: Frame, argv: readonly Field[]): void {
  const at = field.text.indexOf('=')
  if (at < 1) return
  const name = field.text.slice(0, at).replace(/\+$/, '')
  const value = field.text.slice(at + 1)
  const program = argv[0] === undefined ? undefined : plainName(argv[0].text)
  for (const hijack of HIJACKS) {
    if (!hijack.name.test(name) || hijack.safe?.test(value) === true || value === '') continue
    if (hijack.of !== undefined && program !== undefined && !hijack.of.split(' ').includes(program)) continue
    const note = `${name}=${shown({ text: value })}: ${hijack.note}`
    if (hijack.runs === undefined) say(frame, hijack.id, hijack.risk, note, field)
    else rateHeld({ ...hijack, note, runs: hijack.runs }, { ...field, text: value }, [], frame, field)
  }
  if (program !== undefined) sayShell(name, value, field, frame)
}

/** Variables that hold somebody's shell, and no command. */
const HOLDS_A_SHELL = /^(?:SHELL|CONFIG_SHELL|COMSPEC|BASH|[A-Z_]*(?:LOGIN|USER|DEFAULT)_SHELL)$/

/** Whatever a variable is called: a shell in the environment of one program is there to be started by it. */
function sayShell(name: string, value: string, field: Field, frame: Frame): void {
  if (HOLDS_A_SHELL.test(name) || !(SHELL_PATH.test(value) || SHELL_COMMAND.test(value))) return
  say(frame, 'env.hands-shell', 'high', `${name} hands it a shell: ${shown({ text: value })}`, field)
}

const MOST_VARIABLES = 500

/**
 * The environment a command is handed beside its words. Only what is grave counts, for a proxy or a search path is
 * often set by whoever starts programs; and no value is said, for it may be a secret.
 */
export function rateGivenEnvironment(like: Field, frame: Frame): void {
  const { environment } = frame.context
  for (const [name, value] of Object.entries(environment ?? {}).slice(0, MOST_VARIABLES)) {
    const rating: Rating = { reasons: [], programs: [], budget: 200 }
    rateEnvironment({ ...like, text: `${name}=${value}` }, { ...frame, rating }, [like])
    const grave = rating.reasons.find(({ risk }) => isAtLeast(risk, 'high'))
    if (grave === undefined) continue
    const note = `${shown({ text: name })}, in the environment it is given, makes programs load or run what it names`
    say(frame, grave.rule.startsWith('env.') ? grave.rule : 'env.given', grave.risk, note, like)
  }
}
