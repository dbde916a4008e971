import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { lookalike } from './shape.ts'

const like = (value: string) => lookalike(Buffer.from(value, 'latin1'), randomBytes)

test('a placeholder has the length, prefix, separators and alphabet of the real one, and is another one each time', () => {
  const cases: readonly [value: string, shape: RegExp][] = [
    [
      'sk-ant-api03-q7Rk2vXw9LmZt4NbYc8HsJd3-FgPe6TuV1oAiKrWx5MzQ',
      /^sk-ant-api03-[A-Za-z0-9]{24}-[A-Za-z0-9]{20}$/,
    ],
    ['AKIAIOSFODNN7EXAMPLE', /^AKIA[A-Z2-7]{16}$/],
    ['0123456789abcdef0123456789abcdef', /^[0-9a-f]{32}$/],
    ['123456789:AAF-q7Rk2vXw9LmZt4NbYc8HsJd3Fg', /^[0-9]{9}:[A-F0-9]{3}-[A-Za-z0-9]{26}$/],
    [
      '550e8400-e29b-41d4-a716-446655440000',
      /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    ],
  ]
  for (const [value, shape] of cases) {
    const [one, two] = [like(value), like(value)]
    assert.match(one, shape)
    assert.equal(one.length, value.length)
    assert.ok(one !== two && one !== value)
  }
})

test('a token with check digits gets right ones', () => {
  const token = like(`ghp_${'q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6T'}${'123456'}`)
  const [, body = '', check = ''] = /^ghp_(.{30})(.{6})$/.exec(token) ?? []
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = Array.from(check).reduce((sum, one) => sum * 62 + digits.indexOf(one), 0)
  assert.equal(value, crc32(body))
})

test('of a web token the signature is replaced, so that what it says can still be read', () => {
  const token = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from('{"exp":9}').toString('base64url')}.q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAiKrWx5Mz`
  const made = like(token)
  assert.equal(made.slice(0, made.lastIndexOf('.')), token.slice(0, token.lastIndexOf('.')))
  assert.notEqual(made, token)
})

test('no long piece of a random value is in its placeholder', () => {
  fc.assert(
    fc.property(fc.base64String({ minLength: 24, maxLength: 80 }), (value) => {
      const made = like(value)
      const pieces = Array.from({ length: value.length - 11 }, (_, at) => value.slice(at, at + 12))
      return (
        made.length === value.length &&
        !pieces.some((piece) => /^[A-Za-z0-9]{12}$/.test(piece) && made.includes(piece))
      )
    }),
  )
})
