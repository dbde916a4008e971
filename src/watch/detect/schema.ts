import { z } from 'zod'
import { INCIDENT_CLASSES } from '../../core/incident.ts'
import { isQuickPattern } from '../../core/quick-pattern.ts'
import { RISK_LEVELS } from '../../core/risk.ts'

/** The longest any rule looks back, in seconds: what is kept of the past has a bound. */
export const LONGEST_WINDOW_S = 300

const Field = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?$/)
  .describe(
    'a field of an event: agent, run, source, type, or one of its own, such as target or details.tool',
  )

const Words = z.string().max(500)
const Scalar = z.union([Words, z.number(), z.boolean()])
const OneOrMore = z.union([Words.min(1), z.array(Words.min(1)).min(1).max(100)])

const Pattern = z
  .string()
  .max(1000)
  .refine(isQuickPattern, 'this pattern could take for ever on some texts, or is none')
  .describe('a regular expression without references, look-around and nested repetition')

const Tests = {
  is: Scalar.optional(),
  in: z.array(Scalar).min(1).max(200).optional().describe('is one of these'),
  begins: OneOrMore.optional(),
  ends: OneOrMore.optional(),
  has: OneOrMore.optional().describe('contains one of these texts'),
  word: OneOrMore.optional().describe('holds one of these among words parted by blanks'),
  begins_word: OneOrMore.optional().describe('holds a word that begins so'),
  matches: Pattern.optional(),
  under: z
    .array(z.string().regex(/^(?:~|\/|\*\*\/)/))
    .min(1)
    .max(200)
    .optional()
    .describe('a path that is one of these or below it; ~ is the home, **/ any directory'),
  above: z.number().optional(),
  below: z.number().optional(),
  there: z.boolean().optional().describe('whether the event has the field at all'),
}
const isNotEmpty = (test: object): boolean => Object.keys(test).length > 0
const Positive = z.strictObject(Tests).refine(isNotEmpty, 'a test must ask for something')

const FieldTest = z.union([
  Scalar,
  z.array(Scalar).min(1).max(200),
  z
    .strictObject({ ...Tests, not: z.union([Scalar, z.array(Scalar).min(1), Positive]).optional() })
    .refine(isNotEmpty, 'a test must ask for something'),
])
export type FieldTest = z.output<typeof FieldTest>

const AllOf = z
  .record(Field, FieldTest)
  .refine(isNotEmpty, 'a condition must look at something')
  .describe('all of these must hold')
const When = z.union([AllOf, z.array(AllOf).min(1).max(50)]).describe('one condition, or any of several')
export type When = z.output<typeof When>

const Look = { when: When, unless: When.optional() }
const By = z
  .array(Field)
  .max(4)
  .default(['agent'])
  .describe('counted apart for each value of these fields; an event that lacks one does not count')
const Within = z.int().min(1).max(LONGEST_WINDOW_S).describe('seconds')
const AtLeast = z.int().min(2).max(10_000)

export const KINDS = {
  match: z.strictObject({ ...Look, by: By }).describe('one event is enough'),
  count: z
    .strictObject({ ...Look, by: By, at_least: AtLeast, within: Within })
    .describe('so many in so long'),
  distinct: z
    .strictObject({ ...Look, by: By, of: Field, at_least: AtLeast.max(1000), within: Within })
    .describe('so many different values of one field in so long'),
  sum: z
    .strictObject({
      ...Look,
      by: By,
      of: Field,
      at_least: z.number().positive(),
      within: Within,
      times: z
        .number()
        .min(1)
        .max(1000)
        .optional()
        .describe('and so many times the usual, where that is known'),
    })
    .describe('a field adds up to so much in so long'),
  rhythm: z
    .strictObject({
      ...Look,
      by: By,
      at_least: z.int().min(4).max(100),
      within: Within,
      pause: z
        .number()
        .min(0.1)
        .max(120)
        .default(2)
        .describe('seconds between two, on average, at the least'),
      jitter: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('standard deviation of the pauses over their mean'),
    })
    .describe('so many in so long, at regular intervals'),
  sequence: z
    .strictObject({
      first: z.strictObject({
        ...Look,
        by: By,
        keep: Field.optional().describe('a value the second must name'),
      }),
      then: z.strictObject({
        ...Look,
        by: By,
        names: Field.optional().describe(
          'the field that must name what was kept: the path, or its last part',
        ),
      }),
      within: Within,
    })
    .describe('one thing, then another, with the same values of by'),
} as const
export type Kind = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as [Kind, ...Kind[]]

const Value = z.union([z.string(), z.number(), z.boolean()])
const Example = z.strictObject({
  name: z.string().min(3).max(200),
  events: z
    .array(
      z.strictObject({
        at: z
          .number()
          .min(0)
          .max(3600)
          .optional()
          .describe('seconds from the beginning; default: one after the other'),
        repeat: z.int().min(1).max(20_000).default(1),
        every: z.number().min(0).max(300).default(0.1).describe('seconds between repetitions'),
        source: z.string().default('ledger'),
        type: z.string().default(''),
        agent: z.string().optional().describe('none: no agent is known'),
        run: z.string().optional(),
        fields: z.record(Field, Value).default({}).describe('{n} in a text is the number of the repetition'),
      }),
    )
    .min(1)
    .max(100),
  fires: z.union([z.boolean(), z.int().min(0)]).describe('whether, or how often, the rule fires'),
})

const RuleShape = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$/)
    .describe('such as agent.denial-burst; never changes its meaning'),
  title: z.string().min(5).max(120),
  about: z.string().min(20).max(1000).describe('what it looks for, and why that matters'),
  false_positives: z.string().min(5).max(1000).describe('what honest work looks like this'),
  say: z
    .string()
    .min(5)
    .max(300)
    .describe(
      'the alert in one line; {field} is a field of the last event, {count} and {within} of the rule',
    ),
  severity: z.enum(RISK_LEVELS),
  class: z
    .enum(INCIDENT_CLASSES)
    .optional()
    .describe('what incident it makes; without it an alert and no more'),
  attack: z
    .array(z.string().regex(/^T\d{4}(?:\.\d{3})?$/))
    .default([])
    .describe('MITRE ATT&CK techniques'),
  atlas: z
    .array(z.string().regex(/^AML\.T\d{4}(?:\.\d{3})?$/))
    .default([])
    .describe('MITRE ATLAS techniques'),
  owasp: z
    .array(z.string().regex(/^ASI(?:0[1-9]|10)$/))
    .default([])
    .describe('OWASP Top 10 for Agentic Applications'),
  facts: z.array(Field).max(12).default([]).describe('fields of the last event that stand in the alert'),
  match: KINDS.match.optional(),
  count: KINDS.count.optional(),
  distinct: KINDS.distinct.optional(),
  sum: KINDS.sum.optional(),
  rhythm: KINDS.rhythm.optional(),
  sequence: KINDS.sequence.optional(),
  tests: z
    .array(Example)
    .min(2)
    .max(50)
    .describe('at least one on which it fires, and one on which it does not'),
})

const Rule = RuleShape.refine(
  (rule) => KIND_NAMES.filter((kind) => rule[kind] !== undefined).length === 1,
  `a rule has exactly one of: ${KIND_NAMES.join(', ')}`,
).refine(
  ({ tests }) =>
    tests.some(({ fires }) => fires !== false && fires !== 0) &&
    tests.some(({ fires }) => fires === false || fires === 0),
  { path: ['tests'], error: 'a rule has a test on which it fires, and one on which it does not' },
)
export type Rule = z.output<typeof RuleShape>
export type RuleTest = Rule['tests'][number]

export const ruleFileSchema = z.strictObject({
  version: z.literal(1),
  disable: z
    .array(z.string())
    .default([])
    .describe('shipped rules that are not wanted here; they are listed as switched off'),
  rules: z.array(Rule).max(500).default([]),
})
export type RuleFile = z.output<typeof ruleFileSchema>

/** For editors: `$schema` of `detect.yaml`. */
export function detectJsonSchema(): object {
  return z.toJSONSchema(ruleFileSchema, { io: 'input' })
}

/** Which of the kinds a rule is. */
export function kindOf(rule: Rule): Kind {
  return KIND_NAMES.find((kind) => rule[kind] !== undefined) ?? 'match'
}
