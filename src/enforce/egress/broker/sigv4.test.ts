import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { keepSecret } from '../../../platform/locked-memory-secret.ts'
import { cleared, desk, through } from './broker.test-kit.ts'
import { isRefusal, type Head, type SecretBinding } from './index.ts'
import { signature, type SigningText } from './sigv4.ts'

const EMPTY = createHash('sha256').digest('hex')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The examples of AWS' own description: of requests to IAM, of the general suite, and of requests to S3. */
const GENERAL_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const S3_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const S3_HOST = 'examplebucket.s3.amazonaws.com'
const s3 = (method: string, target: string, headers: Head['headers'], payload = EMPTY): SigningText => {
  const all: Head['headers'] = [
    ['Host', S3_HOST],
    ...headers,
    ['x-amz-content-sha256', payload],
    ['x-amz-date', '20130524T000000Z'],
  ]
  return {
    head: { method, target, headers: all },
    signedHeaders: all.map(([name]) => name.toLowerCase()).toSorted(),
    payload,
    scope: { day: '20130524', region: 'us-east-1', service: 's3' },
    time: '20130524T000000Z',
  }
}

test('requests to S3 are signed as its description shows', () => {
  const sign = (text: SigningText) => signature(text, Buffer.from(S3_KEY))
  assert.equal(
    sign(s3('GET', '/test.txt', [['Range', 'bytes=0-9']])),
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
  const put: Head['headers'] = [
    ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
  ]
  assert.equal(
    sign(s3('PUT', '/test%24file.text', put, sha256('Welcome to Amazon S3.'))),
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  )
  assert.equal(
    sign(s3('GET', '/?lifecycle', [])),
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  )
  assert.equal(
    sign(s3('GET', '/?max-keys=2&prefix=J', [])),
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  )
})

test('an address signed beforehand is signed as its description shows', () => {
  const target =
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host'
  const text: SigningText = {
    head: { method: 'GET', target, headers: [['host', S3_HOST]] },
    signedHeaders: ['host'],
    payload: 'UNSIGNED-PAYLOAD',
    scope: { day: '20130524', region: 'us-east-1', service: 's3' },
    time: '20130524T000000Z',
  }
  assert.equal(
    signature(text, Buffer.from(S3_KEY)),
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})

const general = (
  target: string,
  more: Partial<SigningText> = {},
  host = 'example.amazonaws.com',
): SigningText => ({
  head: {
    method: 'GET',
    target,
    headers: [
      ['Host', host],
      ['X-Amz-Date', '20150830T123600Z'],
    ],
  },
  signedHeaders: ['host', 'x-amz-date'],
  payload: EMPTY,
  scope: { day: '20150830', region: 'us-east-1', service: 'service' },
  time: '20150830T123600Z',
  ...more,
})

test('requests to other services are signed as the description shows', () => {
  const sign = (text: SigningText) => signature(text, Buffer.from(GENERAL_KEY))
  const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
  assert.equal(sign(general('/')), vanilla)
  for (const target of ['//', '/./', '/a/..', '/example/..', '/a/../b/..'])
    assert.equal(sign(general(target)), vanilla, target)
  const listUsers = general('/?Action=ListUsers&Version=2010-05-08', {
    head: {
      method: 'GET',
      target: '/?Action=ListUsers&Version=2010-05-08',
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
        ['Host', 'iam.amazonaws.com'],
        ['X-Amz-Date', '20150830T123600Z'],
      ],
    },
    signedHeaders: ['content-type', 'host', 'x-amz-date'],
    scope: { day: '20150830', region: 'us-east-1', service: 'iam' },
  })
  assert.equal(sign(listUsers), '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7')
})

const NOW_MS = Date.UTC(2015, 7, 30, 12, 40)
const FAKE_ID = 'AKIAQ3EGFAKEFAKEFAKE'
const REAL_ID = 'AKIDEXAMPLE'
const binding = (): SecretBinding => ({
  name: 'cloud',
  placeholder: 'Zb4Kx8WqLr1Nv6TyHc3MdJf9SgPw2EuXoRi7QaVt',
  value: keepSecret(Buffer.from(GENERAL_KEY)),
  hosts: ['*.amazonaws.com'],
  places: ['header', 'query'],
  sign: { kind: 'aws-sigv4', placeholderKeyId: FAKE_ID, keyId: REAL_ID },
})
const TO = { scheme: 'https', host: 'example.amazonaws.com', port: 443 } as const
const authorization = (id: string, made: string) =>
  `AWS4-HMAC-SHA256 Credential=${id}/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${made}`
const request = (authorized: string, more: Head['headers'] = [], date = '20150830T123600Z'): Head => ({
  method: 'GET',
  target: '/',
  headers: [['Host', 'example.amazonaws.com'], ['X-Amz-Date', date], ['Authorization', authorized], ...more],
})

test('a request signed with the placeholder is signed again with the real key, which goes nowhere itself', () => {
  const { broker, events } = desk([binding()], NOW_MS)
  const made = cleared(broker.request(request(authorization(FAKE_ID, '0'.repeat(64))), TO))
  const signed = made.sign?.(Buffer.alloc(0))
  const right = authorization(REAL_ID, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31')
  assert.equal(new Map(signed?.headers).get('Authorization'), right)
  assert.deepEqual(made.used, ['cloud'])
  assert.deepEqual(
    events.map(({ kind, where }) => [kind, where]),
    [['secret-used', 'signature']],
  )
  assert.equal(through(made.body, ['x']).out, 'x')
  assert.ok(!JSON.stringify(signed).includes(GENERAL_KEY))
})

test('the placeholder of a signing key is never exchanged for the key as text', () => {
  const { broker } = desk([binding()], NOW_MS)
  assert.ok(isRefusal(broker.request(request('x', [['X-Key', binding().placeholder]]), TO)))
})

test('what cannot be signed again is refused with its reason', () => {
  const reason = (head: Head) => {
    const made = desk([binding()], NOW_MS).broker.request(head, TO)
    return isRefusal(made) ? made.reason : ''
  }
  const fine = authorization(FAKE_ID, '0')
  assert.match(reason(request(fine, [], '20150830T133600Z')), /not the time it is now/)
  assert.match(reason(request(fine.replace('HMAC-SHA256', 'ECDSA-P256-SHA256'))), /ECDSA/)
  const streaming = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  assert.match(reason(request(fine, [['x-amz-content-sha256', streaming]])), /piece by piece/)
  assert.match(reason(request(fine.replace('host;', ''))), /does not cover the host/)
  assert.equal(
    reason(request(authorization('AKIASOMEBODYELSE', '0'))),
    '',
    'the key of somebody else is their own business',
  )
})

test('an address signed beforehand with the placeholder is signed again', () => {
  const target = `/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${FAKE_ID}%2F20150830%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=${'0'.repeat(64)}`
  const head: Head = { method: 'GET', target, headers: [['Host', 'example.amazonaws.com']] }
  const { head: signed } = cleared(desk([binding()], NOW_MS).broker.request(head, TO))
  const query = new URLSearchParams(signed.target.split('?')[1])
  assert.equal(query.get('X-Amz-Credential'), `${REAL_ID}/20150830/us-east-1/s3/aws4_request`)
  assert.match(query.get('X-Amz-Signature') ?? '', /^(?!0{64})[0-9a-f]{64}$/)
})

test('the token of a temporary key is exchanged, and covered by the new signature', () => {
  const [token, fake] = [
    'FwoGZXIvYXdzEBYaDKq7Rk2vXw9LmZt4NbYc8HsJd3',
    'FwoGZXIvYXdzZb4Kx8WqLr1Nv6TyHc3MdJf9SgPw2u',
  ]
  const it = binding()
  const temporary: SecretBinding = {
    ...it,
    sign: {
      kind: 'aws-sigv4',
      placeholderKeyId: FAKE_ID,
      keyId: REAL_ID,
      sessionToken: keepSecret(Buffer.from(token)),
      placeholderToken: fake,
    },
  }
  const head = request(
    authorization(FAKE_ID, '0').replace('x-amz-date,', 'x-amz-date;x-amz-security-token,'),
    [['X-Amz-Security-Token', fake]],
  )
  const signed = cleared(desk([temporary], NOW_MS).broker.request(head, TO)).sign?.(Buffer.alloc(0))
  const headers = new Map(signed?.headers)
  assert.equal(headers.get('X-Amz-Security-Token'), token)
  const text = general('/', {
    head: { method: 'GET', target: '/', headers: signed?.headers ?? [] },
    signedHeaders: ['host', 'x-amz-date', 'x-amz-security-token'],
  })
  assert.ok(headers.get('Authorization')?.endsWith(signature(text, Buffer.from(GENERAL_KEY))))
})
