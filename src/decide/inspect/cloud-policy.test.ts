import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeCloudPolicy } from './cloud-policy.ts'
import { CLOUD_TEMPLATES } from './cloud-templates.ts'

function found(document: unknown): string[] | undefined {
  return judgeCloudPolicy(document)?.findings.map(({ risk, where }) => `${risk} ${where}`)
}

const allow = (more: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] })

test('a policy of AWS is too wide by its rights, its resources, and whom it is for', () => {
  assert.deepEqual(found(allow({ Action: '*', Resource: '*' })), [
    'critical Statement[0].Action',
    'high Statement[0].Resource',
  ])
  assert.deepEqual(found(allow({ Action: ['s3:*'], Resource: 'arn:aws:s3:::a/*' })), [
    'high Statement[0].Action',
  ])
  assert.deepEqual(found(allow({ Action: 'S3:PUT*', Resource: 'arn:aws:s3:::a' })), [
    'medium Statement[0].Action',
  ])
  assert.deepEqual(found(allow({ Action: 'iam:PassRole', Resource: 'arn:aws:iam::1:role/a' })), [
    'high Statement[0].Action',
  ])
  assert.deepEqual(found(allow({ NotAction: 'iam:*', Resource: 'arn:aws:s3:::a' })), [
    'high Statement[0].NotAction',
  ])
  assert.deepEqual(found(allow({ Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/b' })), [
    'critical Statement[0].Principal',
  ])
  assert.deepEqual(found(allow({ Principal: { AWS: ['*'] }, Action: 's3:GetObject', Resource: 'a' })), [
    'critical Statement[0].Principal.AWS',
  ])
  assert.deepEqual(found(allow({ Action: 'secretsmanager:GetSecretValue', Resource: '*' })), [
    'high Statement[0].Resource',
  ])
})

test('what only reads, and what is refused, is no reason to worry', () => {
  assert.deepEqual(found(allow({ Action: ['logs:FilterLogEvents', 'cloudwatch:Get*'], Resource: '*' })), [
    'low Statement[0].Resource',
  ])
  assert.deepEqual(found({ Statement: { Effect: 'Deny', Action: '*', Resource: '*' } }), [])
})

test('basic roles and everybody are found in policies of Google Cloud', () => {
  const bindings = [
    { role: 'roles/editor', members: ['user:a@example.org'] },
    { role: 'roles/logging.viewer', members: ['allUsers'] },
    { role: 'roles/logging.viewer', members: ['user:a@example.org'] },
  ]
  assert.deepEqual(found({ bindings }), ['high bindings[0].role', 'critical bindings[1].members'])
  assert.deepEqual(found({ includedPermissions: ['iam.serviceAccounts.actAs', 'logging.logEntries.list'] }), [
    'high includedPermissions',
  ])
})

test('wildcards are found in role definitions of Azure', () => {
  assert.deepEqual(found({ permissions: [{ actions: ['*/read', 'Microsoft.Compute/*'] }] }), [
    'high permissions[0].actions',
  ])
  assert.deepEqual(found({ properties: { permissions: [{ actions: ['*'] }] } }), [
    'critical permissions[0].actions',
  ])
})

test('what is no policy is not judged', () => {
  for (const document of [
    undefined,
    1,
    [],
    {},
    { Statement: [1] },
    allow({ Effect: 'allow' }),
    { permissions: 'x' },
  ])
    assert.equal(judgeCloudPolicy(document), undefined)
})

test('the policies to begin from pass', () => {
  for (const [name, document] of Object.entries(CLOUD_TEMPLATES)) {
    const report = judgeCloudPolicy(document)
    assert.deepEqual(
      report?.findings.filter(({ risk }) => risk !== 'low'),
      [],
      name,
    )
  }
})
