import { say, type Frame, type Invocation } from './frame.ts'
import { rateHeld } from './held.ts'
import type { Field } from './word.ts'

/**
 * How pagers, editors and clients are left for a shell, by their manuals: `!cmd` (less, more, man, ed, ftp, mutt),
 * `:!cmd` and `:sh` (vi, tig, ranger), `\!` (psql, mysql), `~!` (mail, cu), `.shell` (sqlite3), `!!` (isql), `/exec`
 * (irssi, weechat), `host` (sqlplus).
 */
const ESCAPE =
  /^:?!{1,2}(?![-!:]|\d|\?|[$^*:]*$)\S|^:?! +\S*(?:ba|da|z|k|a)?sh\b|^\\!|^!$|^~!|^:(?:sh|shell|te(?:rm|rminal)?|py\d?|lua|set?\s+shell|r\s*!|w\s*!)\b|^\.(?:shell|system)\b|^\.sh$|^M-[x!&]\s*\S*(?:sh|term)|^\/exec\s|^host\s+\//
const PREFIX = /^(?::?!{1,2}|\\!|~!|:\w+\s*!?|\.\w+|M-.\s*|\/exec(?:\s+-\w+)*|host)\s*/
const SHELL_NAME = /^(?:ba|da|z|k|a|c|tc|fi)?sh$/

const RULE = {
  id: 'exec.escape',
  risk: 'high',
  note: 'leaves the program before it for a shell',
} as const

/** A line that is none to a shell but an escape to the pager, editor or client that was started before it. */
export function sayEscape({ argv, span }: Invocation, head: Field, frame: Frame): void {
  if (/^!=/.test(head.text)) return
  const line = argv.map(({ text }) => text).join(' ')
  sayEscapeLine(line, { ...head, start: span.start, end: span.end }, frame)
}

function sayEscapeLine(line: string, at: Field, frame: Frame): void {
  if (!ESCAPE.test(line)) return
  const command = line.replace(PREFIX, '')
  // `!word` is how a shell that is typed into repeats what was typed before
  if (/^!\w+$/.test(line) && !SHELL_NAME.test(command)) return
  if (command === '') {
    say(frame, RULE.id, RULE.risk, RULE.note, at)
    return
  }
  rateHeld({ ...RULE, runs: 'shell' }, { ...at, text: command }, [], frame, at)
}

/** What reads its input as data, whatever stands in it. */
const READS_DATA =
  /^(?:cat|tee|grep|sed|awk|tr|cut|sort|uniq|head|tail|wc|nl|rev|fold|fmt|column|paste|base64|base32|xxd|od|gzip|bzip2|xz|zstd|openssl|gpg|md5sum|sha\d*sum|dd|tar|cpio|curl|wget|nc|socat|ssh|jq|yq|xargs|parallel|sponge|pbcopy|xclip|xsel|patch|git|python|perl|ruby|node|php|lua|read|mapfile|docker|kubectl|crontab|figlet|bat)$/
const MOST_LINES = 200

/** The same in what is piped or written into a program that takes commands: `printf '!sh\n' | prog`. */
export function sayEscapeInput({ name, stdin, span, argv }: Invocation, frame: Frame): void {
  const text = stdin?.text
  if (text === undefined || READS_DATA.test(name) || !/[!.:~\\/]/.test(text)) return
  const at: Field = { ...argv[0]!, ...span }
  for (const line of text.split('\n', MOST_LINES)) {
    const words = line.trim()
    if (words.length < 512) sayEscapeLine(words, at, frame)
  }
}
