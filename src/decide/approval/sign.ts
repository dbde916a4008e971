import { canonicalJson } from '../../core/canonical.ts'
import type { Signer } from './book.ts'
import type { Question } from './question.ts'

// so that a signature under the same key for something else never passes for an answer
const DOMAIN = 'warder-approval-answer v1\n'

/** An answer as it is signed: who said what to exactly what, and when. */
export function answerText({ id, payload, principal, say, by, note, answeredAt }: Question): string {
  return canonicalJson({
    v: 1,
    question: id,
    payload,
    principal,
    say: say ?? 'deny',
    by: by ?? '',
    note: note ?? null,
    at: answeredAt ?? 0,
  })
}

/** @returns the signature in base64url */
export function signAnswer(question: Question, signer: Pick<Signer, 'sign'>): string {
  return Buffer.from(signer.sign(Buffer.from(DOMAIN + answerText(question)))).toString('base64url')
}

export function isAnswerSigned(text: string, signature: string, signer: Pick<Signer, 'verify'>): boolean {
  return signer.verify(Buffer.from(DOMAIN + text), Buffer.from(signature, 'base64url'))
}
