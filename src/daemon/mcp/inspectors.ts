import { randomBytes } from 'node:crypto'
import { createDefinitionInspector } from '../../decide/inspect/mcp/index.ts'
import { createSecretScanner } from '../../decide/inspect/secret/index.ts'
import {
  createShippedTextScanner,
  MARKED_FROM,
  wrapUntrusted,
  type TextVerdict,
} from '../../decide/inspect/text/index.ts'
import type { Inspectors, TextSeen } from '../../enforce/mcp/index.ts'

/**
 * Everything that looks into what passes, made once for the process.
 *
 * @param warn told where less than everything looks
 */
export function openInspectors(warn: (message: string) => void): Inspectors {
  const scanner = createShippedTextScanner()
  for (const note of scanner.scan('', { channel: 'tool-result' }).notes)
    warn(`texts are looked into with less: ${note}`)
  // the tags of what it masks are compared within this process, never beyond it
  const secrets = createSecretScanner({ key: randomBytes(32), minimum: 'medium' })
  const definitions = createDefinitionInspector({
    textScan: (text) => scanner.scan(text, { channel: 'mcp-metadata' }),
  })
  return {
    text: (text, channel) => asFarAsRead(scanner.scan(text, { channel })),
    redact: (text) => secrets.redact(text),
    secrets: (text) => secrets.scan(text).map(({ rule, risk }) => ({ rule, risk })),
    definition(server, kind, definition) {
      const { risk, verdict, findings, labels } = definitions.inspect(server, kind, definition)
      return {
        ...{ risk, verdict },
        findings: findings.map(({ rule, field, reason }) => ({ rule, field, reason })),
        labels: [...new Set(labels.map(({ name }) => name as string))],
      }
    },
    wrap: (text, { source, labels }) =>
      wrapUntrusted(text, { source, trust: 'untrusted', labels }, randomBytes(16).toString('hex')),
  }
}

/** What was not read whole is not clean: it is handed on in an envelope, and taints. */
function asFarAsRead(seen: TextVerdict): TextSeen {
  if (!seen.isPartial || seen.verdict !== 'clean') return seen
  const unread = { rule: 'partial', family: 'partial', reason: 'it is too long to be read whole' }
  return { risk: Math.max(seen.risk, MARKED_FROM), verdict: 'marked', findings: [unread] }
}
