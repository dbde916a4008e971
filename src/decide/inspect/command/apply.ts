import { SHELL_PATH } from './shell-path.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { isHarmless } from './harmless.ts'
import { rateHeld } from './held.ts'
import { hitsOf } from './match.ts'
import type { Rule } from './rule.ts'
import { RULES } from './rules/index.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

const RULES_OF: ReadonlyMap<string, readonly Rule[]> = byProgram(RULES)

/** The rows of a table by each program they are about. */
export function byProgram<T extends { readonly of: string }>(rows: readonly T[]): Map<string, T[]> {
  const map = new Map<string, T[]>()
  for (const row of rows) {
    for (const name of row.of.split(' ')) map.set(name, [...(map.get(name) ?? []), row])
  }
  return map
}

/** Whether a rule speaks of a program whatever its arguments; those which only look are let off. */
function isAny({ sub, option, value, line, isBare }: Rule): boolean {
  return (
    sub === undefined && option === undefined && value === undefined && line === undefined && isBare !== true
  )
}

/** The command an option takes: up to the `;` or `+` that ends it for find. */
function commandAt(args: readonly Field[], index: number): readonly Field[] {
  const rest = args.slice(index)
  const end = rest.findIndex(({ text }) => text === ';' || text === '+' || text === '\\;')
  return end === -1 ? rest : rest.slice(0, end)
}

/** Whether any rule knows the program. */
export function isKnownProgram(name: string): boolean {
  return RULES_OF.has(name)
}

/** Says what the tables say of a program with these arguments. */
export function applyRules(invocation: Invocation, frame: Frame): void {
  const { name, argv, span, stdin } = invocation
  const rules = RULES_OF.get(name)
  if (rules === undefined) return
  const args = argv.slice(1)
  const line = args.map(({ text }) => text).join(' ')
  for (const rule of rules) {
    if (rule.isBare === true && stdin !== undefined) continue
    if (isAny(rule) && isHarmless(invocation, frame)) continue
    const hits = hitsOf(rule, name, args, line)
    for (const { value, index } of hits.slice(0, 8)) {
      const { runs } = rule
      if (runs === undefined || value === undefined) say(frame, rule.id, rule.risk, rule.note, value ?? span)
      else {
        const captured = rule.value?.exec(value.text)?.[1]
        const text = captured === undefined ? value : { ...value, text: captured }
        rateHeld({ ...rule, runs }, text, commandAt(args, index), frame, span)
      }
    }
  }
}

/** A line that is none to a shell but an escape to the pager, editor or client that was started before it. */
export function sayEscape({ argv, span }: Invocation, head: Field, frame: Frame): void {
  const line = argv.map(({ text }) => text).join(' ')
  if (
    !/^:?!(?![-!:]|\d|\?|[$^*:]*$)\S|^\\!|^:(?:sh|shell|te(?:rm)?|py\d?|lua|set?\s+shell|r\s*!|w\s*!)\b|^\.(?:shell|system)\b/.test(
      line,
    )
  )
    return
  if (/^!=/.test(head.text)) return
  const command = line.replace(/^(?::?!|\\!|:\w+\s*!?|\.\w+)\s*/, '')
  const text = { ...head, text: command, start: span.start, end: span.end }
  const rule = {
    id: 'exec.escape',
    risk: 'high',
    note: 'leaves the program before it for a shell',
    runs: 'shell',
  } as const
  if (/^!\w+$/.test(line) && !/^!(?:\/|(?:ba|da|z|k|a|c|tc|fi)?sh$)/.test(line)) return
  rateHeld(rule, text, [], frame, span)
}

/** What may name a shell without starting it. */
const NAMES_SHELLS =
  /^(?:echo|printf|grep|rg|ls|stat|file|cat|head|tail|diff|cmp|ldd|strings|readlink|realpath|dirname|basename|chsh|useradd|usermod|adduser|sed|awk|test|\[|\[\[|find|git|gh|docker|podman|nerdctl|docker-compose|kubectl|oc|lxc|incus|ssh|vagrant|dpkg|rpm|pacman|apt-file|type|which|whereis|md5sum|sha256sum|man|tmux|screen|make|cp|mv|ln|install|chmod|chown|rsync|scp|tar|dscl|pw|export|case|jq|dd|tee|ansible|crontab|xxd|sort|uniq|cut|tr|wc|getcap|setcap)$/

/** A shell among the arguments of a program nobody here knows is there to be started. */
export function sayHandedShell({ name, argv, span }: Invocation, frame: Frame): void {
  if (NAMES_SHELLS.test(name)) return
  const found = argv.slice(1).find(({ text }) => SHELL_PATH.test(text))
  if (found === undefined) return
  say(
    frame,
    'exec.hands-shell',
    'high',
    `hands ${name} a shell: ${shown(found)}`,
    found.end > 0 ? found : span,
  )
}
