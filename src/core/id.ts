import { randomUUIDv7 } from 'node:crypto'

/** A fresh UUIDv7 (RFC 9562, section 5.7): unique, and sorted by the time it was made. */
export function newId(): string {
  return randomUUIDv7()
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isId(text: string): boolean {
  return UUID.test(text)
}
