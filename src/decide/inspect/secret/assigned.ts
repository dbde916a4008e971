import type { RiskLevel } from '../../../core/risk.ts'
import { REACH, type Match, type Seen } from './family.ts'
import { kindOfName, type NameKind } from './name.ts'
import { isPlaceholder } from './placeholder.ts'
import { isBlankSentence, isDense, rateValue } from './value.ts'

/** Values that are secret by what stands before them: `password=…`, `"api_key": "…"`, `--token …`, `Bearer …`. */
const NAME_BACK = 40
const NAME_AHEAD = 48
/** How a name and its value are joined; the group tells that only a value that looks random counts. */
const JOINT =
  /(?:\\{0,3}["'`]\]?|\]|["']\))?[ \t]{0,8}(?:(?:=>|:=|\+=|\?=|={1,3}|:)(?:[ \t]{0,8}[\w&<>[\]|?.]{1,40}[ \t]{1,4}=(?=[ \t]{0,4}["'`]))?[ \t]{0,8}(?:\r?\n[ \t]{0,16}(?=["'`]))?|\\{0,3}["'][ \t]{1,4}value=(?=["'])|(\\{0,3}["'`],[ \t]{0,4}(?=\\{0,3}["'`])|\((?=["'`])| is:? | was ))/y
const BLANK = /[ \t]{1,4}(?=[^\s=:-])/y
/** What is followed by a name and, after a blank, its value. */
const SETTER = /(?:^|\s)(?:ENV|ARG|setx?|setenv)[ \t]{1,2}$/i
const SCHEME =
  /(?:(?:bearer|basic|token|api-?token|api-?key|apikey|ssws|splunk|sso-key|pve\w{0,8}|key|digest|negotiate|bot|oauth)[ =])?/iy
const QUOTED = /(?:[bfruBFRU@$]{0,2})(\\{0,3})(["'`])/y
const IN_QUOTES = { '"': /[^"\\\r\n]{1,512}/y, "'": /[^'\\\r\n]{1,512}/y, '`': /[^`\\\r\n]{1,512}/y } as const
const BARE = /[^\s"'`,;<>(){}[\]|&\\]{1,512}/y
const LONG_REST = /[\w+/=.~%-]{1,15872}/y
const LONGEST = 512

export function assignedLook(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + REACH + NAME_AHEAD + 100 > text.length) return 'more'
  const left = nameStart(text, at)
  const right = nameEnd(text, at)
  const joined = jointAt(text, left, right)
  if (joined === undefined) return undefined
  const name = text.slice(left, right)
  const kind = kindOfName(name)
  if (name === 'PASS' && text[right] === ':') return undefined // what tests say of themselves
  if (
    kind === undefined ||
    (kind === 'weak' && joined.isOption) ||
    /public[ _-]$/i.test(text.slice(Math.max(0, left - 7), left))
  )
    return undefined
  const from = /authorization$|auth$/i.test(name) ? after(SCHEME, text, joined.from) : joined.from
  return valueAt(text, from, isLast, (value, isQuoted, next) =>
    joined.isElement === true && next !== '</'
      ? undefined
      : riskOf(kind, value, { isQuoted, isStrict: joined.isStrict, isAuth: /^_?auth$/.test(name), next }),
  )
}

function nameStart(text: string, at: number): number {
  let left = at
  while (left > 0 && at - left < NAME_BACK && isOfName(text.charCodeAt(left - 1))) left--
  return left
}

function nameEnd(text: string, at: number): number {
  let right = at
  while (right < text.length && right - at < NAME_AHEAD && isOfName(text.charCodeAt(right))) right++
  return right
}

function isOfName(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 || // _
    code === 45 || // -
    code === 46 // .
  )
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

interface Joined {
  readonly from: number
  readonly isStrict: boolean
  /** `--name value` */
  readonly isOption?: boolean
  /** `<name>value</name>` */
  readonly isElement?: boolean
}

function jointAt(text: string, left: number, right: number): Joined | undefined {
  JOINT.lastIndex = right
  const joint = JOINT.exec(text)
  if (joint !== null) return { from: JOINT.lastIndex, isStrict: joint[1] !== undefined }
  if (text[left - 1] === '<' && text[right] === '>' && text[right + 1] !== '=')
    return { from: right + 1, isStrict: false, isElement: true }
  const isOption = text[left] === '-'
  const isNamed =
    isOption || SETTER.test(text.slice(Math.max(0, left - 9), left)) || isNetrc(text, left, right)
  BLANK.lastIndex = right
  return isNamed && BLANK.test(text) ? { from: BLANK.lastIndex, isStrict: false, isOption } : undefined
}

function isNetrc(text: string, left: number, right: number): boolean {
  return text.slice(left, right) === 'password' && /\blogin\s/.test(text.slice(Math.max(0, left - 110), left))
}

/** `secret:use:github` is leave to use a secret, not one. */
const CAPABILITY = /^[a-z]{2,12}:[a-z*]/

type Judge = (value: string, isQuoted: boolean, next: string) => RiskLevel | undefined

function valueAt(text: string, from: number, isLast: boolean, judge: Judge): Seen {
  QUOTED.lastIndex = from
  const quote = QUOTED.exec(text)
  const pattern = quote === null ? BARE : IN_QUOTES[quote[2] as '"' | "'" | '`']
  const start = quote === null ? from : QUOTED.lastIndex
  pattern.lastIndex = start
  const found = pattern.exec(text)
  if (found === null) return undefined
  const value = quote === null ? found[0].replace(/[.:!?]+$/, '') : found[0]
  const risk = judge(value, quote !== null, text.slice(start + value.length, start + value.length + 2))
  if (risk === undefined) return undefined
  const end = value.length < LONGEST ? start + value.length : longEnd(text, start + LONGEST, isLast)
  if (end === 'more') return 'more'
  return assigned(risk, start, end)
}

/** Where a value ends that is longer than anybody looks at. */
function longEnd(text: string, at: number, isLast: boolean): number | 'more' {
  const end = after(LONG_REST, text, at)
  return !isLast && end === text.length && end - at < 15_872 ? 'more' : end
}

function assigned(risk: RiskLevel, start: number, end: number): Match {
  const note = risk === 'low' ? 'a value where a secret would stand' : 'a secret, by the name it is given'
  return { rule: 'assigned', family: 'assigned', risk, start, end, note }
}

interface Standing {
  readonly isQuoted: boolean
  readonly isStrict: boolean
  /** The name is that of `user:password` in base64, as configurations of registries have it. */
  readonly isAuth: boolean
  /** The two characters behind the value. */
  readonly next: string
}

function riskOf(
  kind: NameKind,
  value: string,
  { isQuoted, isStrict, isAuth, next }: Standing,
): RiskLevel | undefined {
  if (value.length < 4 || value.startsWith('[redacted')) return undefined
  if (!isQuoted && (/^[([]/.test(next) || value === 'function' || value === 'new')) return undefined
  if (!isQuoted && CAPABILITY.test(value)) return undefined
  if (isQuoted && (kind === 'password' ? isBlankSentence(value) : value.includes(' '))) return undefined
  if (isPlaceholder(value) || next === '..') return isStrict ? undefined : 'low'
  const risk = (isAuth ? pairOf(value) : undefined) ?? rateValue(kind, value, isQuoted)
  return isStrict && (risk === 'low' || !isDense(value)) ? undefined : risk
}

const BEARER = /(?:bearer|basic)[ ]{1,3}([A-Za-z0-9._~+/=:-]{8,512})/iy
export const SCHEME_SIGNS = ['bearer ', 'basic '] as const

/** The credential behind the name of a scheme, wherever it stands. */
export function schemeLook(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + REACH + 16 > text.length) return 'more'
  BEARER.lastIndex = at
  const value = BEARER.exec(text)?.[1]
  if (value === undefined) return undefined
  const end = value.length < LONGEST ? BEARER.lastIndex : longEnd(text, BEARER.lastIndex, isLast)
  if (end === 'more') return 'more'
  const isWord = /^[a-z]+$|^[A-Z]?[a-z]+$/.test(value)
  if (isWord) return undefined // bearer authentication, basic settings
  return assigned(riskOfCredential(value, text[at + 1]!), BEARER.lastIndex - value.length, end)
}

/** @param second of the scheme's letters: what tells basic from bearer */
function riskOfCredential(value: string, second: string): RiskLevel {
  if (isPlaceholder(value)) return 'low'
  const pair = second.toLowerCase() === 'a' ? pairOf(value) : undefined
  if (pair !== undefined) return pair
  return value.length < 16 ? 'low' : rateValue('secret', value, true)
}

/** Of `name:password` in base64, as HTTP's basic scheme has it; undefined when it is none. */
function pairOf(value: string): RiskLevel | undefined {
  const pair = Buffer.from(value, 'base64').toString('latin1')
  if (!/^[\x21-\x7e][\x20-\x7e]*:[\x20-\x7e]*$/.test(pair)) return undefined
  const [user = '', password = ''] = pair.split(':', 2)
  const isSample = isPlaceholder(password === '' ? user : password) || user === password
  return isSample ? 'low' : password === '' ? 'medium' : 'high'
}
