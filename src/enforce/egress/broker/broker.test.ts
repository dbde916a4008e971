import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keepSecret } from '../../../platform/locked-memory-secret.ts'
import {
  AWAY,
  binding,
  CANARY,
  cleared,
  desk,
  head,
  HOME,
  PLACEHOLDER,
  REAL,
  through,
} from './broker.test-kit.ts'
import { formsOf } from './forms.ts'
import { BrokerError, isRefusal, missingIntercepts } from './index.ts'

test('the real value is put into headers, query, path and body toward its own host', () => {
  const { broker, events } = desk()
  const basic = Buffer.from(`user:${PLACEHOLDER}`).toString('base64')
  const made = cleared(
    broker.request(
      head(`/v1/${PLACEHOLDER}/x?key=${PLACEHOLDER}&other=1`, [
        ['Authorization', `Bearer ${PLACEHOLDER}`],
        ['X-Basic', `Basic ${basic}`],
      ]),
      HOME,
    ),
  )
  assert.equal(made.head.target, `/v1/${REAL}/x?key=${REAL}&other=1`)
  const headers = new Map(made.head.headers)
  assert.equal(headers.get('Authorization'), `Bearer ${REAL}`)
  assert.equal(headers.get('X-Basic'), `Basic ${Buffer.from(`user:${REAL}`).toString('base64')}`)
  assert.deepEqual(through(made.body, [`{"key":"${PLACEHOLDER}"}`]), { out: `{"key":"${REAL}"}` })
  assert.deepEqual(made.used, ['model-key'])
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['secret-used'],
  )
})

test('a placeholder in percent signs is exchanged all the same', () => {
  const escaped = Array.from(PLACEHOLDER)
    .map((one) => `%${one.charCodeAt(0).toString(16)}`)
    .join('')
  const made = cleared(desk().broker.request(head(`/x?key=a%20${escaped}%2Fb`), HOME))
  assert.equal(made.head.target, `/x?key=a%20${REAL}/b`)
})

test('a value with characters that mean something is escaped where it stands', () => {
  const value = 'p%ss&w/o+r=d"9#?Xk'
  const placeholder = 'Kq8Zt3Lw6Nb1Vx5MrT'
  const it = binding({
    value: keepSecret(Buffer.from(value)),
    placeholder,
    canary: keepSecret(Buffer.from('another-one-42zz')),
  })
  const { broker } = desk([it])
  const made = cleared(
    broker.request(head(`/x?p=${placeholder}`, [['Content-Type', 'application/json']]), HOME),
  )
  assert.equal(new URLSearchParams(made.head.target.slice('/x?'.length)).get('p'), value)
  assert.equal(made.changesLength, true)
  const { out } = through(made.body, [`{"p":"${placeholder}"}`])
  assert.deepEqual(JSON.parse(out), { p: value })
  const form = cleared(
    broker.request(head('/', [['Content-Type', 'application/x-www-form-urlencoded']]), HOME),
  )
  assert.equal(new URLSearchParams(through(form.body, [`p=${placeholder}`]).out).get('p'), value)
})

test('however a body is cut, the value is put in and taken out again whole', () => {
  const pieces = fc.array(fc.oneof(fc.constant(PLACEHOLDER), fc.string({ maxLength: 30 })), { maxLength: 6 })
  const cuts = fc.array(fc.nat(300), { maxLength: 8 })
  const { broker } = desk()
  fc.assert(
    fc.property(pieces, cuts, (parts, places) => {
      const text = Buffer.from(parts.join('|')).toString('latin1')
      const sent = through(cleared(broker.request(head(), HOME)).body, cutAt(text, places))
      assert.equal(sent.out, text.replaceAll(PLACEHOLDER, REAL))
      const back = through(broker.answer([], HOME).body, cutAt(sent.out, places.toReversed()))
      assert.equal(back.out, text)
    }),
    { numRuns: 200 },
  )
})

test('a placeholder that comes in two parts is one, and no cause for alarm', () => {
  const { broker, events } = desk()
  const sieve = cleared(broker.request(head(), HOME)).body
  const cut = PLACEHOLDER.length - 5
  assert.deepEqual(through(sieve, [PLACEHOLDER.slice(0, cut), PLACEHOLDER.slice(cut)]), { out: REAL })
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['secret-used'],
  )
})

test('not one byte of the value, and not the whole placeholder, goes to another host, however it is written and cut', () => {
  const forms = fc.constantFrom(
    ...formsOf(Buffer.from(PLACEHOLDER)),
    ...formsOf(Buffer.from(REAL)),
    ...formsOf(Buffer.from(CANARY)),
  )
  const { broker, events } = desk()
  fc.assert(
    fc.property(forms, fc.string(), fc.array(fc.nat(400), { maxLength: 8 }), ({ bytes }, around, places) => {
      events.length = 0
      const text = `${around}${bytes.toString('latin1')}${around}`
      const sent = through(cleared(broker.request(head(), AWAY)).body, cutAt(text, places))
      assert.equal(sent.refused === 'secret-astray' || sent.refused === 'canary-used', true)
      assert.ok(!sent.out.includes(bytes.toString('latin1')))
      assert.ok(events.length === 1)
    }),
    { numRuns: 200 },
  )
})

test('a placeholder is seen in addresses and headers under encodings laid over each other', () => {
  const hex = Buffer.from(PLACEHOLDER).toString('hex')
  const written: Record<string, string> = {
    'as it is': PLACEHOLDER,
    reversed: Array.from(PLACEHOLDER).toReversed().join(''),
    hex,
    base64: Buffer.from(PLACEHOLDER).toString('base64'),
    'base64 in the middle': Buffer.from(`xy${PLACEHOLDER}z`).toString('base64url'),
    'base64 of hex': Buffer.from(hex).toString('base64'),
    'base64 of base64': Buffer.from(Buffer.from(PLACEHOLDER).toString('base64')).toString('base64'),
    percent: Array.from(PLACEHOLDER)
      .map((one) => `%${one.charCodeAt(0).toString(16)}`)
      .join(''),
    'percent twice': Array.from(PLACEHOLDER)
      .map((one) => `%25${one.charCodeAt(0).toString(16)}`)
      .join(''),
    JSON: Array.from(PLACEHOLDER)
      .map((one) => `\\u00${one.charCodeAt(0).toString(16)}`)
      .join(''),
  }
  for (const [how, text] of Object.entries(written)) {
    for (const made of [
      head(`/${encodeURI(text)}`),
      head(`/x?q=${encodeURIComponent(text)}`),
      head('/', [['X-Note', text]]),
    ]) {
      const { broker, events } = desk()
      assert.ok(isRefusal(broker.request(made, AWAY)), `${how} in ${made.target}`)
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['secret-astray'],
      )
    }
  }
})

test('two halves are one secret: in two headers, two parameters, two segments', () => {
  const rest = PLACEHOLDER.slice('sk-ant-api03-'.length)
  const [a, b] = [rest.slice(0, 11), rest.slice(11)]
  const [c, d] = [b.slice(0, 11), b.slice(11, 22)]
  const { broker } = desk()
  assert.ok(
    isRefusal(
      broker.request(
        head('/', [
          ['X-A', a],
          ['X-B', c],
          ['X-C', d],
        ]),
        AWAY,
      ),
    ),
  )
  assert.ok(isRefusal(broker.request(head(`/${a}/${c}/${d}`), AWAY)))
  assert.ok(isRefusal(broker.request(head(`/?a=${a}&b=${c}&c=${d}`), AWAY)))
  assert.ok(
    isRefusal(
      broker.request(
        head('/', [
          ['X-A', `${a}-${c}`],
          ['X-B', d],
        ]),
        AWAY,
      ),
    ),
  )
})

test('a name that carries a secret is refused before anybody resolves it', () => {
  const rest = PLACEHOLDER.slice('sk-ant-api03-'.length).toLowerCase()
  const labels = (text: string) => (text.match(/.{1,30}/g) ?? []).join('.')
  const hex = Buffer.from(PLACEHOLDER.slice('sk-ant-api03-'.length)).toString('hex')
  for (const name of [
    `${rest}.evil.test`,
    `${rest.slice(0, 20)}.${rest.slice(20)}.evil.test`,
    `a-${rest.slice(5, 30)}.evil.test`,
    `${labels(hex)}.evil.test`,
  ]) {
    const { broker, events } = desk()
    const refused = broker.refuseName(name)
    assert.equal(refused?.rule, 'secret-astray', name)
    assert.ok(!JSON.stringify([refused, events]).includes(rest.slice(0, 12)), 'the name was told')
  }
  assert.equal(desk().broker.refuseName('registry.npmjs.org'), undefined)
})

test('a canary is an incident, toward its own host too', () => {
  for (const to of [HOME, AWAY]) {
    const { broker, events } = desk()
    const refused = broker.request(head('/', [['Authorization', `Bearer ${CANARY}`]]), to)
    assert.ok(isRefusal(refused) && refused.rule === 'canary-used')
    assert.deepEqual(
      events.map(({ kind, secret }) => [kind, secret]),
      [['canary-used', 'model-key']],
    )
  }
})

test('the real value itself is not let out by an agent that has found it, not even to its own host', () => {
  const { broker, events } = desk()
  assert.ok(isRefusal(broker.request(head('/', [['Authorization', `Bearer ${REAL}`]]), HOME)))
  assert.equal(events[0]?.kind, 'secret-astray')
})

test('a budget is spent by requests, and then it is over', () => {
  const { broker, events } = desk([binding({ budget: { uses: 2 } })])
  const ask = () => broker.request(head('/', [['Authorization', PLACEHOLDER]]), HOME)
  assert.ok(!isRefusal(ask()) && !isRefusal(ask()))
  const third = ask()
  assert.ok(isRefusal(third) && third.rule === 'secret-budget')
  assert.ok(!isRefusal(broker.request(head('/'), HOME)), 'a request without it still goes')
  assert.equal(events.at(-1)?.kind, 'budget-spent')
})

test('over a connection without TLS nothing is put in, unless the binding says so', () => {
  const plain = { ...HOME, scheme: 'http' as const, port: 80 }
  const ask = (more: object) =>
    desk([binding(more)]).broker.request(head('/', [['Authorization', PLACEHOLDER]]), plain)
  assert.ok(isRefusal(ask({})))
  assert.ok(!isRefusal(ask({ plainHttp: true })))
})

test('hosts, ports and names below are kept apart', () => {
  const goes = (hosts: string[], host: string, port = 443) =>
    !isRefusal(
      desk([binding({ hosts })]).broker.request(head('/', [['A', PLACEHOLDER]]), {
        scheme: 'https',
        host,
        port,
      }),
    )
  assert.ok(goes(['*.model.test'], 'eu.model.test'))
  assert.ok(!goes(['*.model.test'], 'model.test'))
  assert.ok(!goes(['*.model.test'], 'evilmodel.test'))
  assert.ok(!goes(['model.test'], 'eu.model.test'))
  assert.ok(goes(['model.test:8443'], 'model.test', 8443))
  assert.ok(!goes(['model.test:8443'], 'model.test', 443))
  assert.ok(goes(['[2001:db8::7]:8443'], '2001:db8::7', 8443))
})

test('a placeholder in a body is let be where it may be seen, and told', () => {
  const it = binding({ places: ['header'], mentionedTo: ['chat.test'] })
  for (const host of ['api.model.test', 'chat.test']) {
    const { broker, events } = desk([it])
    const made = cleared(broker.request(head(), { ...HOME, host }))
    assert.deepEqual(through(made.body, [`my key is ${PLACEHOLDER}.`]), { out: `my key is ${PLACEHOLDER}.` })
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['placeholder-left'],
    )
  }
})

test('an answer that shows the value shows the placeholder, in every form and in long pieces', () => {
  const twins = formsOf(Buffer.from(PLACEHOLDER))
  for (const [at, { bytes, how }] of formsOf(Buffer.from(REAL)).entries()) {
    const { broker, events } = desk()
    const echoed = Buffer.from(`<${bytes.toString('latin1')}>`).toString('latin1')
    const { out } = through(broker.answer([], HOME).body, Array.from(echoed))
    assert.ok(!out.includes(bytes.toString('latin1').slice(20)), how)
    if (!how.startsWith('base64')) assert.equal(out, `<${twins[at]?.bytes.toString('latin1')}>`, how)
    assert.equal(events[0]?.kind, 'echo-removed')
  }
  const piece = REAL.slice(20, 44)
  const { out } = through(desk().broker.answer([], HOME).body, [`..${piece}..`])
  assert.ok(!out.includes(piece.slice(0, 12)), out)
})

test('an answer that only looks like it is not changed, and does not wait for what comes next', () => {
  const sieve = desk().broker.answer([], HOME).body
  const event = Buffer.from('data: {"text":"hello"}\n\n')
  assert.deepEqual(sieve.push(event), event)
})

test('answers come whole and plain from a host that knows a secret', () => {
  const shortcuts: [string, string][] = [
    ['Range', 'bytes=0-7'],
    ['Accept-Encoding', 'br'],
    ['Accept', 'x/y'],
  ]
  const home = new Map(cleared(desk().broker.request(head('/', shortcuts), HOME)).head.headers)
  assert.deepEqual(
    [home.get('Range'), home.get('Accept-Encoding'), home.get('Accept')],
    [undefined, 'identity', 'x/y'],
  )
  const away = new Map(cleared(desk().broker.request(head('/', shortcuts), AWAY)).head.headers)
  assert.deepEqual([away.get('Range'), away.get('Accept-Encoding')], ['bytes=0-7', 'br'])
})

test('a secret that cannot be told from ordinary text, or cannot be sent, is refused at the start', () => {
  const refuses = (more: object) =>
    assert.throws(
      () => desk([binding({ canary: keepSecret(Buffer.from('x'.repeat(20))), ...more })]),
      BrokerError,
    )
  refuses({ value: keepSecret(Buffer.from('short')) })
  refuses({ placeholder: REAL })
  refuses({ value: keepSecret(Buffer.from('a line break\nin the middle')) })
})

test('a run whose secret would go through an unopened connection is not started', () => {
  const bindings = [binding({ hosts: ['api.model.test', '*.model.test:8443'] })]
  assert.deepEqual(missingIntercepts(bindings, ['*.model.test']), [])
  assert.deepEqual(missingIntercepts(bindings, ['api.model.test']), ['*.model.test'])
})

function cutAt(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  const at = [
    0,
    ...places.map((place) => Math.min(place, bytes.length)).toSorted((a, b) => a - b),
    bytes.length,
  ]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

test('once it is closed nothing passes any more', () => {
  const { broker } = desk()
  const made = cleared(broker.request(head(), AWAY))
  broker.close()
  assert.throws(() => made.body.push(Buffer.from(PLACEHOLDER)))
  assert.throws(() => broker.request(head(`/${PLACEHOLDER}`), AWAY))
  assert.throws(() => broker.answer([['X', REAL]], HOME))
})
