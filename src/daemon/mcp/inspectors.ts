import { randomBytes } from 'node:crypto'
import { createDefinitionInspector } from '../../decide/inspect/mcp/index.ts'
import { createSecretScanner } from '../../decide/inspect/secret/index.ts'
import { createTextScanner, wrapUntrusted, type TextModel } from '../../decide/inspect/text/index.ts'
import { readShippedModel } from '../../decide/inspect/text/model/file.ts'
import { messageOf } from '../../core/error.ts'
import type { Inspectors } from '../../enforce/mcp/index.ts'

/**
 * Everything that looks into what passes, made once for the process.
 *
 * @param warn told where less than everything looks
 */
export function openInspectors(warn: (message: string) => void): Inspectors {
  const model = shippedModel(warn)
  const scanner = createTextScanner(model === undefined ? {} : { model })
  // the tags of what it masks are compared within this process, never beyond it
  const secrets = createSecretScanner({ key: randomBytes(32), minimum: 'medium' })
  const definitions = createDefinitionInspector({
    textScan: (text) => scanner.scan(text, { channel: 'mcp-metadata' }),
  })
  return {
    text: (text, channel) => scanner.scan(text, { channel }),
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

function shippedModel(warn: (message: string) => void): TextModel | undefined {
  try {
    return readShippedModel()
  } catch (error) {
    warn(`texts are looked into by rules alone: ${messageOf(error)}`)
    return undefined
  }
}
