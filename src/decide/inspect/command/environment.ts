import { say, type Frame } from './frame.ts'
import { HIJACKS } from './rules/environment.ts'
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
}
