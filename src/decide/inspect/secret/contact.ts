import type { Match } from './family.ts'

/** E-mail addresses, telephone numbers and addresses of hosts: low, and only where they are asked for. */
const FORMS = [
  [
    'email',
    /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])/g,
    'an e-mail address',
  ],
  [
    'phone',
    /(?<![\w.+-])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?![\w-])/g,
    'a telephone number',
  ],
  ['phone', /(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?![\w-])/g, 'a telephone number'],
  [
    'ipv4',
    /(?<![\w.-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|\.\d)/g,
    'an IP address',
  ],
] as const
const AHEAD = 256

/** @returns what was found from `from` on, and from where on more text is needed to tell */
export function contactsIn(
  text: string,
  from: number,
  isLast: boolean,
): { matches: Match[]; settled: number } {
  const settled = isLast ? text.length : Math.max(from, text.length - AHEAD)
  const matches: Match[] = []
  for (const [rule, pattern, note] of FORMS) {
    pattern.lastIndex = from
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const start = found.index
      if (start < settled)
        matches.push({ rule, family: 'contact', risk: 'low', start, end: start + found[0].length, note })
    }
  }
  return { matches, settled }
}
