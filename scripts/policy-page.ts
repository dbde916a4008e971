/** The parts of the policy reference that are made from the code. */
import { z } from 'zod'
import { NAMESPACES } from '../src/core/capability.ts'
import { formatDuration, formatSize } from '../src/core/quantity.ts'
import {
  PolicyEngine,
  policySchema,
  PRESET_CAPABILITIES,
  STARTER_POLICY,
} from '../src/decide/policy/index.ts'
import { presets, PROTECTED_NAMES } from '../src/enforce/sandbox/index.ts'

export const POLICY_REGIONS: Readonly<Record<string, () => string>> = {
  namespaces: () =>
    table(
      ['Namespace', 'Resource', 'Actions', 'Domain'],
      Object.entries(NAMESPACES).map(([name, { resource, verbs, domain }]) => [
        code(name),
        resource,
        verbs.map(code).join(' '),
        domain,
      ]),
    ),
  presets: () =>
    table(
      ['Preset', 'Holds'],
      Object.entries(PRESET_CAPABILITIES).map(([name, capabilities]) => [
        code(name),
        capabilities.map(code).join(' ') || 'nothing',
      ]),
    ),
  exclusions: () => table(['Rule', 'Also for the owner', 'Why', 'Paths'], exclusions()),
  fields: () => table(['Field', 'Values', 'Meaning'], fields(policyShape(), '')),
  starter: () => `\`\`\`yaml\n${STARTER_POLICY.trimEnd()}\n\`\`\``,
  profiles: () =>
    table(
      ['Profile', 'Workspace', 'Network', 'Processes', 'Memory', 'Time', 'Environment', 'For'],
      profileRows(),
    ),
  protected: () => PROTECTED_NAMES.map(code).join(' '),
}

function exclusions(): string[][] {
  const engine = new PolicyEngine({
    monotonicMs: () => 0,
    home: '~',
    places: { homes: [], keyStore: ['/keys'], ledger: ['/ledger'], policy: ['/policy'], state: ['/state'] },
  })
  const byRule = Map.groupBy(engine.exclusions().list, ({ clause }) => clause.rule)
  return [...byRule].map(([rule, list]) => {
    const patterns = [...new Set(list.map(({ pattern }) => pattern.text))]
    const shown = patterns.slice(0, 8).map(code).join(' ')
    const more = patterns.length > 8 ? ` and ${patterns.length - 8} more` : ''
    return [
      code(rule),
      list[0]?.clause.forOwner === true ? 'yes' : 'no',
      list[0]?.clause.reason ?? '',
      `${shown}${more}`,
    ]
  })
}

/** The policy's own shape: as a schema with a name it stands among the definitions. */
function policyShape(): Schema {
  const whole = z.toJSONSchema(policySchema, { io: 'input' }) as Schema
  return whole.properties === undefined ? (whole.$defs?.['warder-policy'] ?? whole) : whole
}

interface Schema {
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
}

function fields(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`
    const inner = field.items?.properties === undefined ? field : field.items
    const suffix = field.items?.properties === undefined ? '.' : '[].'
    const named = typeof field.additionalProperties === 'object' ? field.additionalProperties : undefined
    return [
      [code(path), values(field), field.description ?? ''],
      ...fields(inner, `${path}${suffix}`),
      ...(named === undefined ? [] : fields(named, `${path}.NAME.`)),
    ]
  })
}

function values(schema: Schema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(' ')
  if (schema.items !== undefined)
    return schema.items.properties === undefined ? `list of ${values(schema.items)}` : 'list'
  return schema.type === 'object' ? 'map' : (schema.type ?? 'text')
}

function profileRows(): string[][] {
  return [...presets().values()].map(({ name, filesystem, network, process, environment, description }) => [
    code(name),
    filesystem.workspace,
    network.mode,
    process.fork ? `${process.max_processes}` : 'one',
    formatSize(process.max_memory),
    process.max_seconds === undefined ? 'no limit' : formatDuration(process.max_seconds * 1000),
    environment.mode,
    description,
  ])
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}
