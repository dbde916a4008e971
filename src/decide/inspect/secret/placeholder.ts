/**
 * What only stands where a secret will stand. A placeholder is still told of, as low: it is harmless, and in a log a mask
 * over it costs nothing.
 */

/** Where characters are counted; every use begins by clearing it. */
const COUNTS = new Uint16Array(128)

/** Bits a character, by how often each stands in the text; characters beyond ASCII do not count. */
export function entropyOf(text: string): number {
  const total = count(text)
  let bits = 0
  for (const times of COUNTS) if (times > 0) bits -= (times / total) * Math.log2(times / total)
  return bits
}

function count(text: string): number {
  COUNTS.fill(0)
  let total = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) continue
    COUNTS[code]!++
    total++
  }
  return total
}

function differentIn(text: string): number {
  count(text)
  let different = 0
  for (const times of COUNTS) if (times > 0) different++
  return different
}

/** The rest of a longer value tells nothing more. */
export const LOOKED_AT = 128
const SAMPLE =
  /example|x{5}|\*{3}|\.{3}|#{4}|_{4}|redacted|placeholder|dummy|changeme|change[-_]me|your[-_]|replace[-_]?me|insert[-_]/i
/** The same character again and again, or all in a row of the alphabet or the digits. */
const REPEATED = /(.)\1{5}|(\w{4,12}-?)\2\2/

/** Of a token with a sign of its own: only what nobody's random numbers bring forth. */
export function isSampleToken(body: string, least: number): boolean {
  if (SAMPLE.test(body) || REPEATED.test(body)) return true
  if (inRows(body) * 2.5 > body.length) return true
  return entropyOf(body) < least
}

/** The length of the longest stretch in which each character is the next one's neighbour: `abcdef`, `12345`. */
export function longestRow(text: string): number {
  return Math.max(1, ...rowsIn(text))
}

function rowsIn(text: string): number[] {
  const rows: number[] = []
  let length = 1
  for (let at = 1; at <= text.length; at++) {
    if (text.charCodeAt(at) === text.charCodeAt(at - 1) + 1) length++
    else {
      if (length > 1) rows.push(length)
      length = 1
    }
  }
  return rows
}

/** How much of a text stands in such rows of five and more. */
function inRows(text: string): number {
  return rowsIn(text).reduce((sum, length) => (length > 4 ? sum + length : sum), 0)
}

/** A value that is fetched from elsewhere when the text is used: a variable, a template, a call, a reference. */
const REFERENCE =
  /^(?:\$[A-Za-z_{(]|%[A-Za-z_(]|@[a-z]+[({]|!(?:vault|Ref|Sub|GetAtt|ENC|secret|env)\b|&[a-z]+$|\*[a-z_]*$|\?+$|\\?\{|<|\[|#\{|--|~\/|\.{1,2}\/|\/(?![A-Za-z0-9+/]{15})|env[.:(]|process\.|os\.|vault:|secrets?[.:]|config\.|settings\.|vars?\.|local\.|data\.|self\.|this\.|arn:|ssm:|kms:|op:\/\/|file:|ref\+|urn:|https?:)/
const FETCHED = /\$\{|\{\{|%\(|\$\(|<%|process\.env|getenv|\benv\b\[|\}\}/

const WORDS = new Set(
  (
    'password passwd passphrase pass pwd secret secrets token tokens key apikey api_key api-key mypassword mysecret mytoken ' +
    'mykey my-secret my-token my_secret supersecret super-secret topsecret top-secret test testing tests tester example ' +
    'sample default demo dummy fake foo foobar bar baz qux none null nil undefined true false yes no on off empty blank ' +
    'string text value values required optional hidden masked redacted changeit changeme change-me todo tbd fixme xxx xxxx ' +
    'user username admin root guest public private postgres mysql mongo redis rabbitmq minio minioadmin oracle letmein ' +
    'qwerty abc abc123 123 1234 12345 123456 1234567 12345678 123456789 1234567890 password1 password123 passw0rd p@ssw0rd ' +
    'p@ssword hunter2 correcthorsebatterystaple secret123 test123 test1234 admin123 mysecretpassword my-secret-pw ' +
    'yourpassword your-password your_password yourtoken your-token somepassword somesecret sometoken auth bearer basic ' +
    'credentials credential login logout session cookie header body query param string? number any unknown object'
  ).split(' '),
)

/** What standards print as samples, in every text that explains them. */
const PRINTED = new Set(
  '2YotnFZFEjr1zCsicMWpAA tGzv3JOkF0XG5Qx2TlKWIA SlAV32hkKG mF_9.B5f-4.1JqM 7Fjfp0ZBr1KtDRbnfVdmIw czZCaGRSa3F0MzpnWDFmQmF0M2JW QWxhZGRpbjpvcGVuIHNlc2FtZQ=='.split(
    ' ',
  ),
)

/** What people write where a password will stand, and the passwords that are no secret to anybody. */
export function isCommonWord(value: string): boolean {
  return WORDS.has(value.toLowerCase())
}

/** Of a value beside a name: a reference, a common word, something that names what should stand there. */
export function isPlaceholder(value: string): boolean {
  const begin = value.slice(0, LOOKED_AT)
  if (isCommonWord(value) || PRINTED.has(value) || REFERENCE.test(begin) || SAMPLE.test(begin)) return true
  if (/[{(<[]/.test(begin) && FETCHED.test(begin)) return true
  if (/pass(?:word|wd|phrase)/i.test(begin) && !/\d.*\d/.test(begin)) return true
  return differentIn(begin) < 4 || REPEATED.test(begin) || inRows(begin) * 2.2 > begin.length
}
