import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { KnownError } from '../../core/error.ts'
import { checkRules, Detector, findingOf, withOwn, type Observed, type Rule } from './index.ts'
import { parseRules } from './read.ts'
import { ruleFileSchema } from './schema.ts'
import { SHIPPED_RULES } from './shipped.ts'

const HOME = '/home/you'
const AT = Date.UTC(2026, 5, 1)

function denial(nth: number, more: Partial<Observed> = {}): Observed {
  return {
    ...{ at: AT + nth * 100, source: 'ledger', type: 'file', agent: 'builder', seq: nth + 1 },
    fields: { decision: 'deny', action: 'fs:read', target: `/srv/${nth}` },
    ...more,
  }
}

function shipped(id: string): Rule {
  const rule = SHIPPED_RULES.find((each) => each.id === id)
  assert.ok(rule, id)
  return rule
}

function own(kind: object): Rule {
  const tests = [
    { name: 'it fires', events: [{}], fires: true },
    { name: 'it does not', events: [{}], fires: false },
  ]
  const words = {
    ...{ id: 'test.rule', title: 'a rule of a test', about: 'what it looks for, in some words' },
    ...{
      false_positives: 'none at all',
      say: '{count} in {within} by {agent}: {target}',
      severity: 'low',
      tests,
    },
  }
  return ruleFileSchema.parse({ version: 1, rules: [{ ...words, ...kind }] }).rules[0]!
}

test('every shipped rule holds what its own tests say, and is made from rules/*.yaml', () => {
  assert.ok(SHIPPED_RULES.length >= 20)
  assert.deepEqual(
    checkRules(SHIPPED_RULES).filter(({ isMet }) => !isMet),
    [],
  )
  const [agents] = ['rules/agents.yaml'].map((file) => parseRules(readFileSync(file, 'utf8'), file).rules)
  const made = SHIPPED_RULES.filter(({ id }) => agents?.some((rule) => rule.id === id))
  assert.deepEqual(made, agents)
  assert.deepEqual(ruleFileSchema.parse({ version: 1, rules: SHIPPED_RULES }).rules, SHIPPED_RULES)
})

test('every shipped rule has a technique, and says what honest work looks like it', () => {
  for (const { id, attack, atlas, owasp, false_positives: honest } of SHIPPED_RULES) {
    assert.ok(attack.length + atlas.length + owasp.length > 0, id)
    assert.ok(honest.length > 5, id)
  }
})

test('a file with anything in it that is not known is refused, with line and column', () => {
  const good = readFileSync('rules/agents.yaml', 'utf8')
  const cases: readonly (readonly [string, RegExp, RegExp])[] = [
    [good.replace('    severity: medium', '    severty: medium'), /severty/, /:\d+:5$/],
    [good.replace('severity: medium', 'severity: mild'), /severity/, /:\d+:5$/],
    [good.replace('      at_least: 600', '      at_least: 0'), /at_least/, /:\d+:7$/],
    [good.replace('      within: 60', '      within: 900'), /within/, /:\d+:7$/],
    [good.replace('version: 1', 'version: 2'), /version/, /:\d+:1$/],
    [`${good}\n  - id: x\n`, /rules\.\d+/, /:\d+:\d+$/],
    [good.replace('id: agent.denial-storm', 'id: agent.denial-burst'), /twice/, /:\d+:5$/],
    ['version: 1\nrules: &a []\ndisable: *a\n', /alias/, /:3:10$/],
    ['version: 1\nversion: 1\n', /unique|twice|duplicate/i, /:2:1$/],
    ['version: [\n', /./, /:\d+:\d+$/],
  ]
  for (const [text, what, where] of cases) {
    assert.notEqual(text, good)
    assert.throws(
      () => parseRules(text, 'detect.yaml'),
      (error: unknown) => {
        assert.ok(error instanceof KnownError, String(error))
        assert.match(error.message, what)
        assert.match(error.where ?? '', where)
        return error.code === 'DETECT_RULES_INVALID'
      },
    )
  }
})

test('a pattern that could take for ever is refused', () => {
  const rule = { match: { when: { target: { matches: '(a+)+$' } } } }
  assert.throws(() => own(rule), /for ever/)
  assert.doesNotThrow(() => own({ match: { when: { target: { matches: '^/srv/[a-z]+$' } } } }))
})

test('a text too long for its pattern fits the rule, and is never spared by one', () => {
  const long = { fields: { target: 'x'.repeat(20_000_000) } }
  const fits = new Detector([own({ match: { when: { target: { matches: 'a*b*c' } } } })], HOME)
  assert.equal(fits.observe(denial(0, long)).length, 1)
  const unless = { target: { matches: 'a*b*c' } }
  const spares = new Detector([own({ match: { when: { target: { there: true } }, unless } })], HOME)
  assert.equal(spares.observe(denial(0, long)).length, 1)
  const not = { target: { not: { matches: 'a*b*c' } } }
  assert.equal(new Detector([own({ match: { when: not } })], HOME).observe(denial(0, long)).length, 1)
})

test('an alert says the rule, the facts, and the entries it rests on', () => {
  const detector = new Detector([shipped('agent.denial-burst')], HOME)
  const hits = Array.from({ length: 20 }, (_, nth) => detector.observe(denial(nth))).flat()
  const finding = findingOf(hits[0]!)
  assert.equal(hits.length, 1)
  assert.equal(finding.rule, 'agent.denial-burst')
  assert.equal(finding.agent, 'builder')
  assert.equal(finding.summary, 'builder was refused 20 times in 2 s, last fs:read /srv/19')
  assert.equal(finding.evidence['entries'], Array.from({ length: 20 }, (_, nth) => nth + 1).join(' '))
  assert.equal(finding.evidence['target'], '/srv/19')
  assert.equal(finding.key, 'agent.denial-burst builder')
})

test('so many in so long fires exactly when the newest so many stand close enough, whatever comes', () => {
  const rule = own({ count: { when: { decision: 'deny' }, at_least: 5, within: 10 } })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 8000 }), { maxLength: 80 }), (gaps) => {
      const detector = new Detector([rule], HOME)
      let at = AT
      let kept: number[] = []
      for (const gap of gaps) {
        at += gap
        const newest = at
        kept = [...kept.filter((each) => newest - each <= 10_000), newest]
        const shouldFire = kept.length >= 5
        if (shouldFire) kept = []
        assert.equal(detector.observe({ ...denial(0), at }).length, shouldFire ? 1 : 0)
      }
    }),
  )
})

test('a clock that is put back neither fires a rule nor blinds it', () => {
  const rule = own({ count: { when: { decision: 'deny' }, at_least: 3, within: 10 } })
  const detector = new Detector([rule], HOME)
  const seen = [0, 1000, -3_600_000, -3_599_000].map(
    (ms) => detector.observe({ ...denial(0), at: AT + ms }).length,
  )
  assert.deepEqual(seen, [0, 0, 0, 0])
  assert.equal(detector.observe({ ...denial(0), at: AT - 3_598_000 }).length, 1)
})

test('what it remembers has a bound, however many names an attacker makes up, and it says what it gave up', () => {
  const detector = new Detector(SHIPPED_RULES, HOME)
  for (let nth = 0; nth < 20_000; nth += 1)
    detector.observe(
      denial(nth, {
        at: AT + nth,
        agent: `agent-${nth}`,
        fields: { decision: 'deny', action: 'net:connect', layer: 'egress', target: `${nth}.test:443` },
      }),
    )
  const { windows, marks, forgotten } = detector.facts()
  assert.ok(windows <= SHIPPED_RULES.length * 2000, String(windows))
  assert.ok(marks <= SHIPPED_RULES.length * 100_000, String(marks))
  assert.ok(forgotten > 0)
  detector.sweep(AT + 24 * 3_600_000 + 100_000)
  assert.deepEqual([detector.facts().windows, detector.facts().marks], [0, 0])
})

test('reloaded rules keep what they remember where they stayed as they were', () => {
  const [burst, storm] = [shipped('agent.denial-burst'), shipped('agent.denial-storm')]
  const detector = new Detector([burst, storm], HOME)
  for (let nth = 0; nth < 19; nth += 1) detector.observe(denial(nth))
  detector.load([burst, { ...storm, severity: 'critical' }])
  assert.deepEqual(
    detector.observe(denial(19)).map(({ rule }) => rule.id),
    ['agent.denial-burst'],
  )
})

test('an own rule may not take a shipped name, and only what is there can be switched off', () => {
  const rule = shipped('agent.denial-burst')
  assert.throws(
    () => withOwn(SHIPPED_RULES, { version: 1, disable: [], rules: [rule] }),
    /shipped rule named/,
  )
  assert.throws(
    () => withOwn(SHIPPED_RULES, { version: 1, disable: ['agent.nosuch'], rules: [] }),
    /no shipped rule/,
  )
  const all = withOwn(SHIPPED_RULES, {
    version: 1,
    disable: [rule.id],
    rules: [own({ match: { when: { type: 'x' } } })],
  })
  assert.deepEqual(
    all.filter(({ isOff }) => isOff).map((each) => each.rule.id),
    [rule.id],
  )
  assert.equal(all.at(-1)?.from, 'own')
})

test('an event that lacks what a rule counts by is not counted under nothing', () => {
  const detector = new Detector([shipped('agent.denial-burst')], HOME)
  const nobodys = { ...denial(0) } as { agent?: string } & Observed
  delete nobodys.agent
  for (let nth = 0; nth < 100; nth += 1) assert.equal(detector.observe(nobodys).length, 0)
})
