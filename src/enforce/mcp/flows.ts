import { TIERS, type ServerPolicy, type ToolRule } from './policy.ts'
import type { DefinitionSeen, Touched } from './ports.ts'
import { isMembers, type Members } from './frame.ts'

/** Labels of what nobody here vouches for, and of what should not leave. */
const FOREIGN = ['external-data', 'suspicious']
const PRIVATE = ['fs-read', 'personal-data', 'credential']

/** What the labels of a definition say of what comes out of the tool. */
const OUT_OF: Readonly<Record<string, string>> = {
  'network-out': 'external-data',
  'network-read': 'external-data',
  'file-read': 'fs-read',
  'personal-data': 'personal-data',
  'credential-read': 'credential',
}

/** What a result of this tool is labelled with. */
export function resultLabels(
  policy: ServerPolicy,
  rules: readonly Pick<ToolRule, 'labels'>[],
  seen: DefinitionSeen,
  definition: Members,
): readonly string[] {
  const { annotations } = definition
  const isOpenWorld = isMembers(annotations) && annotations['openWorldHint'] === true
  const shown = seen.labels.flatMap((label) => OUT_OF[label] ?? [])
  return [
    ...new Set([
      ...TIERS[policy.tier].labels,
      ...rules.flatMap(({ labels }) => labels),
      ...shown,
      ...(isOpenWorld ? ['external-data'] : []),
    ]),
  ]
}

const DOES: Readonly<Record<string, string>> = {
  'file-write': 'write',
  destructive: 'write',
  persistence: 'write',
  process: 'execute',
  'message-send': 'send',
  money: 'send',
}

/** The flows a call would make that a person should see first: from words of strangers to acts, from what is private to others. */
export function flowsOf(
  tainted: readonly string[],
  seen: Pick<DefinitionSeen, 'labels'>,
  touched: readonly Touched[],
): readonly string[] {
  const foreign = FOREIGN.find((label) => tainted.includes(label))
  if (foreign === undefined) return []
  const acts = new Set([
    ...seen.labels.flatMap((label) => DOES[label] ?? []),
    ...touched.flatMap((each) => {
      if (each.kind === 'command') return ['execute']
      return each.kind === 'file' && (each.verb === 'write' || each.verb === 'delete') ? ['write'] : []
    }),
  ])
  // to fetch one page after the other is ordinary; to fetch once something private was read may carry it out
  const isReaching =
    seen.labels.some((label) => label.startsWith('network-')) ||
    touched.some(({ kind }) => kind === 'connect')
  if (isReaching && PRIVATE.some((label) => tainted.includes(label))) acts.add('send')
  return [...acts].map((act) => `${foreign} to ${act}`)
}
