import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isArgumentWord, operands, parseArgumentWord, quoteForShow } from './argument.ts'
import { parseCommandLine } from './command-line.ts'
import { FormError } from './form.ts'
import * as name from './name.ts'
import * as network from './network.ts'
import * as path from './path.ts'
import { isTimeWindow, parseTimeWindow, timeWindowMs } from './time-window.ts'

interface Form {
  readonly is: (value: unknown) => boolean
  readonly parse: (text: string) => unknown
  readonly good: readonly string[]
  readonly bad: readonly string[]
}

const long = (length: number) => 'a'.repeat(length)

const FORMS: Readonly<Record<string, Form>> = {
  NameLabel: {
    is: name.isNameLabel,
    parse: name.parseNameLabel,
    good: ['a', '0', 'a-b', 'web-1', long(63)],
    bad: ['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a b', 'é', long(64), '../a', '--help'],
  },
  ServiceName: {
    is: name.isServiceName,
    parse: name.parseServiceName,
    good: ['web', 'web.prod', `${`${long(62)}.`.repeat(4)}a`],
    bad: ['', '.', 'web.', '.web', 'a..b', 'a.-b', `${`${long(62)}.`.repeat(4)}ab`, 'Web'],
  },
  DomainPattern: {
    is: name.isDomainPattern,
    parse: name.parseDomainPattern,
    good: ['localhost', 'example.com', '*.example.com', 'xn--bcher-kva.example', '1.example'],
    bad: [
      '',
      '*',
      '*.',
      '*.com',
      'a.*.com',
      '*a.com',
      '**.a.com',
      'Example.com',
      'example.com.',
      '127.0.0.1',
      '127.1',
      'a.0x7f',
      'bücher.de',
      'http://a.de',
      'a.de:80',
      'a..b',
    ],
  },
  EnvironmentName: {
    is: name.isEnvironmentName,
    parse: name.parseEnvironmentName,
    good: ['PATH', '_', 'a1', 'A'.repeat(128)],
    bad: ['', '1A', 'A=B', 'A B', 'A-B', 'Ä', 'A'.repeat(129), 'BASH_FUNC_x%%'],
  },
  CommitHash: {
    is: name.isCommitHash,
    parse: name.parseCommitHash,
    good: ['0123abc', 'f'.repeat(40)],
    bad: ['', '012345', 'f'.repeat(41), 'HEAD', 'ABCDEF0', 'main~1', '--output=x', 'g123456'],
  },
  Port: {
    is: (value) => typeof value === 'string' && network.isPort(Number(value)) && /^[1-9]\d*$/.test(value),
    parse: network.parsePort,
    good: ['1', '80', '65535'],
    bad: ['', '0', '65536', '080', '+80', '8e1', '0x50', ' 80', '٨٠', '-1', '80.0', '99999999999'],
  },
  CidrBlock: {
    is: network.isCidrBlock,
    parse: network.parseCidrBlock,
    good: [
      '10.0.0.0/8',
      '0.0.0.0/0',
      '192.0.2.1/32',
      '192.0.2.128/25',
      '2001:db8::/32',
      '::/0',
      '::1/128',
      'fe80::/10',
      '2001:db8:0:8000::/49',
    ],
    bad: [
      '',
      '10.0.0.0',
      '10.0.0.1/8',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '010.0.0.0/8',
      '10.0.0/8',
      '256.0.0.0/8',
      '10.0.0.0/8/8',
      '2001:DB8::/32',
      '2001:db8::1/32',
      '2001:0db8::/32',
      '2001:db8:0:0::/32',
      '::/129',
      ':::/0',
      '::ffff:10.0.0.0/104',
      '::ffff:0:0/96',
      'fe80::%eth0/64',
      '1.2.3.4.5/8',
      '[::]/0',
    ],
  },
  SafeFileName: {
    is: path.isSafeFileName,
    parse: path.parseSafeFileName,
    good: ['a', 'report 2024.pdf', '.hidden', 'naïve', '日本.txt', `${long(255)}`, '...a'],
    bad: [
      '',
      '.',
      '..',
      'a/b',
      'a\\b',
      '-rf',
      ' a',
      'a ',
      'a.',
      'a:b',
      'a\0b',
      'a\tb',
      `${long(256)}`,
      'é'.repeat(128),
      'evil\u202egpj.exe',
      'a\u200bb',
      '\ud800',
      'a*',
      'con|x',
    ],
  },
  RelativePath: {
    is: path.isRelativePath,
    parse: path.parseRelativePath,
    good: ['a', 'a/b c/d', '-x', '.git/config', `${long(255)}/a`],
    bad: [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      './a',
      'a/.',
      '..',
      '../a',
      'a/../b',
      'a/..',
      'a\0',
      'a\nb',
      '\udc00',
      `${long(256)}/a`,
      'a/'.repeat(2048) + 'a',
    ],
  },
  GitPath: {
    is: path.isGitPath,
    parse: path.parseGitPath,
    good: ['a', 'src/a.ts', '.gitignore', '.github/x', 'a/git', 'git~a'],
    bad: [
      '.git',
      '.git/config',
      'a/.git/hooks/x',
      '.GIT/x',
      '.Git',
      'GIT~1/x',
      'git~2',
      '.git./x',
      '.git /x',
      '.git::$INDEX_ALLOCATION/x',
      '.g\u200cit/x',
      '-x',
      ':(top)a',
      'a\\..\\b',
      '../a',
      '/a',
      'a\nb',
    ],
  },
  ArgumentWord: {
    is: isArgumentWord,
    parse: parseArgumentWord,
    good: ['a', 'a b', './-x', '$(id)', ';', '*', 'ünï', `a-`, long(131_071)],
    bad: ['', '-', '-x', '--', '--help', 'a\0', 'a\nb', '\u001b[2J', '\u009b2J', '\ud800', long(131_072)],
  },
  TimeWindow: {
    is: isTimeWindow,
    parse: parseTimeWindow,
    good: ['1m', '90m', '24h', '365d', '52w', '525600m'],
    bad: [
      '',
      '0m',
      '01h',
      '366d',
      '53w',
      '525601m',
      '1.5h',
      '-1h',
      '1s',
      '1y',
      '1 h',
      'h',
      '1H',
      '1hh',
      '٣h',
      '9999999m',
    ],
  },
}

for (const [noun, { is, parse, good, bad }] of Object.entries(FORMS)) {
  test(`${noun}: what fits is taken as it is, all else refused with a way out`, () => {
    for (const text of good) {
      assert.ok(is(text), JSON.stringify(text))
      assert.equal(String(parse(text)), text)
    }
    for (const text of bad) {
      assert.ok(!is(text), JSON.stringify(text))
      assert.throws(
        () => parse(text),
        (error) =>
          error instanceof FormError &&
          error.code === 'FORM_INVALID' &&
          error.fix !== '' &&
          !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(error.message),
        JSON.stringify(text),
      )
    }
    for (const value of [undefined, null, 7.5, [], ['a'], {}, Symbol('a')]) assert.ok(!is(value))
  })

  test(`${noun}: nothing is overlooked at either end or in between`, () => {
    for (const text of good) {
      for (const odd of ['\n', '\r', '\0', '\u2028', '\ud800']) {
        const around = [`${text}${odd}`, `${odd}${text}`, `${text}${odd}${text}`]
        // a separator that only looks like one is a letter like any other where any letter may stand
        const isOpen = odd === '\u2028' && ['RelativePath', 'GitPath', 'ArgumentWord'].includes(noun)
        for (const twisted of isOpen ? [] : around) assert.ok(!is(twisted), JSON.stringify(twisted))
      }
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        if (!is(text)) assert.throws(() => parse(text), FormError)
        else assert.equal(String(parse(text)), text)
      }),
    )
  })
}

test('a network badly written is shown as it should be, where one was meant', () => {
  assert.throws(() => network.parseCidrBlock('10.1.2.3/8'), {
    fix: 'if this network was meant, write 10.0.0.0/8',
  })
  assert.throws(() => network.parseCidrBlock('2001:DB8:0::7/32'), {
    fix: 'if this network was meant, write 2001:db8::/32',
  })
})

test('every network has one text: what the bits say', () => {
  const bits = fc.tuple(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.integer({ min: 0, max: 128 }))
  fc.assert(
    fc.property(bits, ([address, prefix]) => {
      const kept = prefix === 0 ? 0n : (address >> BigInt(128 - prefix)) << BigInt(128 - prefix)
      const hex = kept.toString(16).padStart(32, '0').match(/.{4}/g) ?? []
      const text = `${URL.parse(`http://[${hex.join(':')}]/`)?.hostname.slice(1, -1)}/${prefix}`
      assert.equal(network.isCidrBlock(text), !text.startsWith('::ffff:'), text)
    }),
  )
})

test('a window is a number of milliseconds', () => {
  assert.equal(timeWindowMs(parseTimeWindow('90m')), 5_400_000)
  assert.equal(timeWindowMs(parseTimeWindow('2w')), 14 * 86_400_000)
})

test('inside is by components: a twin with a longer name is outside', () => {
  for (const [base, inner] of [
    ['/srv/data', '/srv/data'],
    ['/srv/data', '/srv/data/a'],
    ['/', '/a'],
    ['/', '/'],
  ] as const) {
    assert.ok(path.isInside(base, inner), `${base} ${inner}`)
  }
  for (const [base, outer] of [
    ['/srv/data', '/srv/data2'],
    ['/srv/data', '/srv/data2/a'],
    ['/srv/data', '/srv'],
    ['/srv/data', '/srv/data/../x'],
    ['/srv/data', '/srv/data/./a'],
    ['/srv/data', '/srv/data//a'],
    ['/srv/data', 'srv/data/a'],
    ['/srv/data', '/srv/data/a\0'],
    ['srv', 'srv/a'],
    ['/srv/..', '/srv/../a'],
    ['/srv/data', ''],
    ['/srv/data', '/SRV/data/a'],
    ['/srv/data/', '/srv/data/a'],
  ] as const) {
    assert.ok(!path.isInside(base, outer), `${base} ${outer}`)
  }
})

test('operands are frozen, may begin with a hyphen, and hold no control character', () => {
  assert.deepEqual(operands(['-rf', '', '--']).words, ['-rf', '', '--'])
  assert.ok(Object.isFrozen(operands(['a']).words))
  for (const word of ['a\0b', 'a\nb', '\u001b', '\udfff']) assert.throws(() => operands([word]), FormError)
})

test('what is refused as an argument or command is not repeated, for it may hold a secret', () => {
  const secret = 'hunter2hunter2'
  for (const attempt of [
    () => parseArgumentWord(`--key=${secret}`),
    () => operands([`${secret}\n`]),
    () => parseCommandLine(`x ${secret} | y`),
  ]) {
    assert.throws(
      attempt,
      (error) => error instanceof FormError && !`${error.message} ${error.fix}`.includes(secret),
    )
  }
})

test('a quoted word is shown as one would type it, and nothing in it reaches the terminal', () => {
  for (const [word, shown] of [
    ['abc', 'abc'],
    ['', `''`],
    ['a b', `'a b'`],
    [`it's`, `'it'\\''s'`],
    ['$(id)', `'$(id)'`],
    ['~', `'~'`],
    ['=x', `'=x'`],
    ['a=b', 'a=b'],
    ['a\nb', `$'a\\u000ab'`],
    ['\u001b[2J', `$'\\u001b[2J'`],
    ['\u202ea', `$'\\u202ea'`],
    [`'\t\\`, `$'\\'\\u0009\\\\'`],
  ] as const) {
    assert.equal(quoteForShow(word), shown)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (word) =>
      assert.doesNotMatch(quoteForShow(word), /[\p{Cc}\p{Cf}\p{Cs}]/u),
    ),
  )
})

test('a command line is cut into words, and what a shell would do with it is refused', () => {
  assert.deepEqual(parseCommandLine('  wc -l "a b"\'c d\'e  --x=1 \'\' "q\\"\\\\" '), [
    'wc',
    '-l',
    'a bc de',
    '--x=1',
    '',
    'q"\\',
  ])
  assert.deepEqual(parseCommandLine(`echo '$(id) | ; > * ~'`), ['echo', '$(id) | ; > * ~'])
  for (const line of [
    '',
    ' ',
    'a | b',
    'a && b',
    'a; b',
    'a & b',
    'a > f',
    'a < f',
    'a $(b)',
    'a `b`',
    'a $HOME',
    'a "$HOME"',
    'a "`b`"',
    'a *',
    'a ?',
    'a [b]',
    'a {b,c}',
    'a ~',
    'a \\b',
    'a\nb',
    'a\0',
    'a\tb',
    "a 'b",
    'a "b',
    'A=1 b',
    'a # b',
    '!a',
    'a "!b"',
    `${long(4097)}`,
    'a '.repeat(129),
    '(a)',
  ]) {
    assert.throws(() => parseCommandLine(line), FormError, JSON.stringify(line))
  }
  const anyWord = fc.string({ maxLength: 30 }).filter((word) => !/[\p{Cc}']/u.test(word))
  fc.assert(
    fc.property(fc.array(anyWord, { minLength: 1, maxLength: 20 }), (words) => {
      assert.deepEqual(parseCommandLine(words.map((word) => `'${word}'`).join(' ')), words)
    }),
  )
})
