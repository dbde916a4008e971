const PIECES: readonly string[] = [
  ...[
    'ls',
    'rm -rf /',
    'cat',
    'sh -c',
    'bash',
    'sudo',
    'env',
    'xargs',
    'find . -exec',
    'eval',
    'curl x',
    'git -c a=b',
    'python -c',
    'awk',
    'sed -n',
  ],
  ...[
    ' ',
    ' ',
    ' ',
    '\n',
    ';',
    '|',
    '||',
    '&&',
    '&',
    '|&',
    '>',
    '>>',
    '<',
    '<<',
    '<<<',
    '<<E\n',
    '\nE\n',
    '2>&1',
    '>(',
    '<(',
  ],
  ...[
    '"',
    "'",
    '`',
    '\\',
    '$',
    '$(',
    ')',
    '${',
    '}',
    '{',
    '(',
    '$((',
    '))',
    '[[',
    ']]',
    "$'",
    '$"',
    '#',
    '!',
    '*',
    '?',
    '[',
    ']',
    '~',
  ],
  ...[
    'x=',
    'x=1',
    '$x',
    '${x:-y}',
    '${x//a/b}',
    '${x:0:1}',
    '${!x}',
    '${x[@]}',
    '$@',
    '$1',
    '$IFS',
    'a=(1 2)',
    '{a,b}',
    '{1..3}',
  ],
  ...[
    'if',
    'then',
    'fi',
    'for i in',
    'do',
    'done',
    'while',
    'case',
    'esac',
    'function f',
    'f()',
    'coproc',
    'time',
    'in',
  ],
  ...[
    '/etc/shadow',
    '~/.ssh/id_rsa',
    '/dev/tcp/h/1',
    '-x',
    '--opt=v',
    '-',
    '--',
    '=',
    '%s',
    '\\x41',
    'cm0=',
    '| base64 -d |',
    '@file',
  ],
  ...['\0', '\r', '\u00a0', '\u202e', '\ud800', '\u{1f600}', '\t', '\u0001', 'é'],
]

/** So many command texts: pieces of shell put together at random, always the same for one seed. */
export function* fuzzed(count: number, seed: number): Generator<string> {
  const next = random(seed)
  for (let i = 0; i < count; i++) {
    const length = 1 + Math.floor(next() * 14)
    const parts = Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)]!)
    yield parts.join(next() < 0.5 ? '' : ' ')
  }
}

/** mulberry32: small, and good enough to choose pieces with. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
