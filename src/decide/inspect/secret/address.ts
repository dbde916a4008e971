import type { RiskLevel } from '../../../core/risk.ts'
import type { Seen } from './family.ts'
import { entropyOf, isCommonWord, isPlaceholder } from './placeholder.ts'

/** Passwords within addresses: `postgres://user:password@host`, and the programs that take them side by side. */
export const URL_SIGNS = ['://'] as const
export const PAIR_SIGNS = ['curl ', 'sshpass ', 'jdbc:oracle:thin:'] as const
const URL_REACH = 1200
const USERINFO =
  /(?<=[A-Za-z0-9]):\/\/(?:([^\s:@/"'`<>?#\\]{0,256}):([^\s/"'`<>?\\]{1,256})|([^\s:@/"'`<>?#\\]{16,256}))@(\[?[\w.-]{1,253}|[$%{][^\s"']{0,60})/y
const LOCAL =
  /^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|db$|database$|redis$|postgres$|mysql$|mongo)/i
const SAMPLE_HOST =
  /(?:^|\.)(?:example|test|invalid|localhost|local|domain|host|hostname|server|myhost|mydomain|yourdomain)(?:\.(?:com|org|net|io|edu))?$/i
const SAMPLE_USER = /^(?:user|username|usr|login|name|foo|test|me|you|someone|john|alice|bob|u|uid)$/i

export function urlLook(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + URL_REACH > text.length) return 'more'
  USERINFO.lastIndex = at
  const found = USERINFO.exec(text)
  if (found === null) return undefined
  const [, user = '', password, alone, host = ''] = found
  const secret = password ?? alone!
  const start = at + 3 + (password === undefined ? 0 : user.length + 1)
  const about = { rule: 'url-password', family: 'url', start, end: start + secret.length } as const
  if (password === undefined) {
    if (isPlaceholder(secret) || entropyOf(secret) < 3.5 || !/\d/.test(secret)) return undefined
    return { ...about, risk: 'medium', note: 'what looks like a token as the user of a web address' }
  }
  if (/^\d{1,5}$/.test(password) && user.includes('.')) return undefined // a port, and an @ in the path
  return { ...about, risk: riskOf(user, password, host), note: 'a password in a web address' }
}

function riskOf(user: string, password: string, host: string): RiskLevel {
  const isWeak = isCommonWord(password) || password.toLowerCase() === user.toLowerCase()
  const isNear = LOCAL.test(host) || SAMPLE_HOST.test(host) || !host.includes('.')
  if (isWeak) return isNear || SAMPLE_USER.test(user) || !(password === user) ? 'low' : 'medium'
  if (isPlaceholder(password)) return 'low'
  if (SAMPLE_HOST.test(host) || (isNear && /^[a-z]{1,12}$/i.test(password)))
    return /\d/.test(password) ? 'medium' : 'low'
  return 'high'
}

const PAIR_REACH = 900
const CURL =
  /curl(?:[^\n]|\n(?=[ \t])){0,400}?[ \t](?:-u|--user|--proxy-user)[ =]{0,3}(?:"([^"\n:]{0,128}):([^"\n]{0,128})"|'([^'\n:]{0,128}):([^'\n]{0,128})'|["']?([^\s:"']{1,128})["']?:["']?([^\s"']{1,128}))/y
const SSHPASS = /sshpass -p[ =]?(?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"']{1,128}))/y
const ORACLE = /jdbc:oracle:thin:([\w$#]{1,64})\/([^\s@"']{1,128})@/y

/** A name and a password as one argument: `curl -u name:password`. */
export function pairLook(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + PAIR_REACH > text.length) return 'more'
  const [user = '', password = '', end] = pairAt(text, at) ?? []
  if (end === undefined) return undefined
  const secret = password === '' ? user : password
  const start = end - (password === '' ? user.length + 1 : password.length)
  const about = { rule: 'command-password', family: 'url', start, end: start + secret.length } as const
  const note = 'a password on a command line'
  if (/^\W*$/.test(secret) || secret.length < 2) return undefined
  const bare = secret.replace(/^\{(.*)\}$/, '$1')
  const isSample =
    isPlaceholder(bare) || /^[A-Z_]+$|^\[/.test(secret) || SAMPLE_USER.test(secret) || password === user
  if (password === '')
    return isSample || entropyOf(secret) < 3 || !/\d/.test(secret)
      ? undefined
      : { ...about, risk: 'medium', note }
  return { ...about, risk: isSample ? 'low' : 'high', note }
}

/** User, password, and where the password ends. */
function pairAt(text: string, at: number): [string, string, number] | undefined {
  for (const pattern of [CURL, SSHPASS, ORACLE]) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) continue
    const end = at + found[0].length
    const groups = found.slice(1).filter((group) => group !== undefined)
    if (pattern === SSHPASS) return ['', groups[0]!, end - (/["']$/.test(found[0]) ? 1 : 0)]
    if (pattern === ORACLE) return [groups[0]!, groups[1]!, end - 1]
    return [groups[0]!, groups[1]!, end - (/["']$/.test(found[0]) && found[5] === undefined ? 1 : 0)]
  }
  return undefined
}
