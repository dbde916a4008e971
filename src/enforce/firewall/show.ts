/** A table in lines a person can read: close to what nft prints, and equal exactly when the rules are equal. */
import type { Operand, Rule, Statement, Table, Value } from './model.ts'

/** One line for each set, chain and rule. */
export function linesOf({ sets, chains }: Table): string[] {
  return [
    ...sets.map(({ name, type, elements = [], flags, size, timeout }) => {
      const more = [
        flags.join(','),
        ...(size === undefined ? [] : [`size ${size}`]),
        ...(timeout === undefined ? [] : [`timeout ${timeout}s`]),
      ]
      const inside = elements.map((element) => valueText(element)).join(', ')
      return `set ${name}: ${[type].flat().join(' . ')} ${more.join(' ')}${inside === '' ? '' : ` { ${inside} }`}`
    }),
    ...chains.flatMap(({ name, hook, rules }) => [
      `chain ${name}: ${hook === undefined ? 'reached by a jump' : `hook ${hook.at} priority ${hook.priority}; policy ${hook.policy}`}`,
      ...rules.map((rule) => `chain ${name}: ${ruleText(rule)}`),
    ]),
  ]
}

export function ruleText({ why, does }: Rule): string {
  return `${does.map(statementText).join(' ')} # ${why}`
}

function statementText(statement: Statement): string {
  if ('match' in statement) {
    const { op, left, right } = statement.match
    return [operandText(left), ...(op === '!=' ? ['!='] : []), valueText(right)].join(' ')
  }
  if ('limit' in statement) {
    const { rate, per, burst } = statement.limit
    return `limit rate ${rate}/${per} burst ${burst} packets`
  }
  if ('set' in statement) {
    const { op, set, elem, stmt } = statement.set
    return `${op} ${set} { ${operandText(elem)} ${stmt.map((each) => JSON.stringify(each)).join(' ')} }`
  }
  if ('log' in statement) return `log ${JSON.stringify(statement.log)}`
  if ('reject' in statement) return 'reject with icmpx admin-prohibited'
  if ('jump' in statement) return `jump ${statement.jump.target}`
  return Object.keys(statement)[0] ?? ''
}

function operandText(operand: Operand): string {
  if ('payload' in operand) return `${operand.payload.protocol} ${operand.payload.field}`
  if ('meta' in operand) return operand.meta.key === 'skuid' ? 'meta skuid' : operand.meta.key
  if ('ct' in operand) return 'ct state'
  if ('fib' in operand) return `fib ${operand.fib.flags.join(' . ')} ${operand.fib.result}`
  if ('concat' in operand) return operand.concat.map(operandText).join(' . ')
  const [payload, mask] = operand['&']
  return `${operandText(payload)} & ${mask}`
}

function valueText(value: Value): string {
  if (typeof value !== 'object') return value === false ? 'missing' : String(value)
  if ('prefix' in value) return `${value.prefix.addr}/${value.prefix.len}`
  return 'set' in value ? `{ ${value.set.join(', ')} }` : value.join(',')
}
