import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  Allowances,
  ApprovalBook,
  memoryBookStore,
  narrowest,
  type LineFields,
  type Subject,
} from '../src/decide/approval/index.ts'
import { withHoles } from '../src/decide/approval/pattern.ts'

export const STORED = 1000
export const NOW = 1_800_000_000_000

/** A book of that many allowances of `builder`. */
export function stored(make: (i: number) => Subject, hasHoles: boolean, count = STORED): Allowances {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const book = new ApprovalBook(memoryBookStore(), {
    keyId: 'bench',
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature) => verify(null, bytes, publicKey, signature),
  })
  const ids = { next: 0 }
  const append = (fields: LineFields) => book.append(fields)
  const allowances = new Allowances({ append, newId: () => `allowance-${ids.next++}` }, [])
  for (let i = 0; i < count; i++) {
    const pattern = narrowest(make(i))!
    const holes = hasHoles ? [{ segment: 0, argument: 1, hole: 'number' as const }] : []
    allowances.add('builder', withHoles(pattern, holes, false), 'owner', NOW)
  }
  return allowances
}

export function subject(program: string, args: readonly string[]): Subject {
  const sha256 = createHash('sha256').update(program).digest('hex')
  return {
    ...{ argv: [program, ...args], cwd: '/work', workspace: '/work', profile: 'tool-minimal' },
    segments: [{ program, args, seals: [{ path: program, sha256 }], leaving: [] }],
    ...{ glue: [], touches: [], notes: [] },
  }
}
