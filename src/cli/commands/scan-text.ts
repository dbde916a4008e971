import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { flag, rest } from '../param.ts'
import {
  bytesOf,
  JUDGING_DETAILS,
  JUDGING_OPTIONS,
  judgeFor,
  judgeText,
  textIn,
  toldOf,
} from './scan-reading.ts'

export const scanText = command({
  name: 'scan text',
  about: 'find what in a text tries to steer whoever reads it',
  details: [
    'The text is given as words, or on standard input with --stdin. Hidden, encoded and garbled instructions are looked for, false authority, and wishes to send secrets away.',
    ...JUDGING_DETAILS,
  ],
  examples: [
    { run: "warder scan text -- 'Ignore all previous instructions'", does: 'a text given as words' },
    {
      run: 'curl -s https://example.com | warder scan text --stdin --channel tool-result',
      does: 'a page as a tool would give it',
    },
    { run: 'warder scan text --stdin --json < mail.txt', does: 'for a program to read' },
  ],
  args: { text: rest('the text', { required: false, value: 'TEXT' }) },
  options: { stdin: flag('read the text from standard input'), ...JUDGING_OPTIONS },
  exits: ['unverified'],
  needsConfig: false,
  async run({ text: words, stdin, channel, failAt, guard }, { out, stdin: input }) {
    if (stdin === words.length > 0) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: stdin ? 'a text and --stdin are both given' : 'there is no text to scan',
        fix: 'give the text behind --, or --stdin and the text on standard input',
      })
    }
    const judge = judgeFor(channel, guard)
    const bytes = stdin ? await bytesOf(input) : Buffer.from(words.join(' '))
    if (bytes === undefined)
      judge.judgement.unread.push({ name: 'standard input', why: 'it is larger than 64 MiB' })
    else await judgeText(stdin ? 'standard input' : 'the text', textIn(bytes), judge)
    return toldOf(judge, out, failAt)
  },
})
