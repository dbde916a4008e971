import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Action } from '../../core/action.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { Signer } from './book.ts'
import type { Subject } from './subject.ts'

/** A key of its own for each test. */
export function testSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    keyId: 'test-key',
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature) => verify(null, bytes, publicKey, signature),
  }
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A plain command: `program` with these arguments, in the workspace /work. */
export function subject(program: string, args: readonly string[] = [], more: Partial<Subject> = {}): Subject {
  return {
    argv: [program, ...args],
    cwd: '/work',
    workspace: '/work',
    profile: 'tool-minimal',
    segments: [{ program, args, seals: [{ path: program, sha256: digest(program) }], leaving: [] }],
    glue: [],
    touches: [],
    notes: [],
    ...more,
  }
}

export function action(risk: RiskLevel = 'medium', resource = '/usr/bin/true'): Action {
  return { namespace: 'process', verb: 'spawn', resource, risk, bytes: digest(resource) }
}
