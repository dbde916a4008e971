import { networkInterfaces } from 'node:os'
import { newId } from '../../core/id.ts'
import { systemClock } from '../../platform/clock.ts'
import { createSafeFetch, LIMITS, systemResolve, type SafeFetch } from '../../enforce/egress/index.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, manyOption } from '../param.ts'
import { JUDGING_DETAILS, JUDGING_OPTIONS, judgeFor, judgeText, textIn, toldOf } from './scan-reading.ts'

const MOST_BYTES = 8 * 1024 ** 2

export const scanUrl = command({
  name: 'scan url',
  about: 'find what in a page tries to steer whoever reads it',
  details: [
    'The page is fetched by Warder itself: over http or https, no redirect to another host, 8 MiB at most, nothing in it run. A name must stand for public addresses unless --allow-address says otherwise; an address in digits is asked as it is given. Another status than 200 is not read. Its text is judged as a tool would hand it on (--channel tool-result) unless said otherwise.',
    ...JUDGING_DETAILS,
  ],
  examples: [
    { run: 'warder scan url https://example.com/page', does: 'a page before an agent reads it' },
    {
      run: 'warder scan url http://wiki.internal/ --allow-address 10.1.0.0/16',
      does: 'a page of the own network',
    },
  ],
  args: { url: argument('the address of the page', { value: 'URL' }) },
  options: {
    ...JUDGING_OPTIONS,
    allowAddress: manyOption('a network that is not public and may be asked all the same', {
      value: 'NETWORK',
    }),
  },
  exits: ['unverified', 'unavailable'],
  needsConfig: false,
  async run({ url, channel = 'tool-result', failAt, guard, allowAddress }, { out }) {
    const judge = judgeFor(channel, guard)
    const { status, body } = await fetchOf(url, allowAddress)(url, { maxBytes: MOST_BYTES })
    if (status === 200) await judgeText(url, textIn(body), judge)
    else judge.judgement.unread.push({ name: url, why: `it answered with status ${status}` })
    return toldOf(judge, out, failAt)
  },
})

/** May reach the host that was named, and nothing else. */
function fetchOf(address: string, addresses: readonly string[]): SafeFetch {
  const url = URL.parse(address)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: 'that is no address of a page',
      fix: 'give one that begins with http:// or https://',
    })
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const rule = {
    id: 'the address given',
    effect: 'allow' as const,
    host: url.hostname,
    ports: [port, 80, 443],
    addresses,
  }
  return createSafeFetch({
    name: 'warder:scan',
    rules: [rule],
    ports: {
      record: async () => undefined, // what a person fetches by hand is not an agent's doing
      resolve: systemResolve(),
      clock: systemClock,
      isOwn,
      newId,
      limits: LIMITS,
      warn: () => undefined,
    },
  })
}

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some(
    (each) => each?.some((own) => own.address === address) ?? false,
  )
}
