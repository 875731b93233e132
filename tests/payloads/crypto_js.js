// What CryptoJS's AES does with a passphrase, by Node's own crypto. aws-kms-ee itself, if NODE_PATH leads to it:
// npm install aws-kms-ee @aws-sdk/client-kms @smithy/node-http-handler bluebird debug lodash memory-cache
const crypto = require('crypto');
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const dataKey = Buffer.from(input.key, 'base64');

const derived = (salt) => {
  const password = Buffer.from(dataKey.toString(), 'utf8');
  const md5 = (...parts) => crypto.createHash('md5').update(Buffer.concat(parts)).digest();
  const one = md5(password, salt); const two = md5(one, password, salt); const three = md5(two, password, salt);
  return [Buffer.concat([one, two]), three];
};

const decrypt = (text) => {
  const data = Buffer.from(text, 'base64');
  const cipher = crypto.createDecipheriv('aes-256-cbc', ...derived(data.subarray(8, 16)));
  return JSON.parse(Buffer.concat([cipher.update(data.subarray(16)), cipher.final()]).toString());
};

const encrypt = (value) => {
  const salt = crypto.randomBytes(8);
  const cipher = crypto.createCipheriv('aes-256-cbc', ...derived(salt));
  return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(JSON.stringify(value)), cipher.final()]).toString('base64');
};

const byLibrary = () => {
  const { encryptObject, decryptObject, KmsConnector } = require('aws-kms-ee');
  const answer = require('bluebird').resolve({ Plaintext: dataKey, CiphertextBlob: Buffer.from('enc') });
  KmsConnector.prototype.generateDataKey = () => answer;
  KmsConnector.prototype.decryptDataKey = () => answer;
  const { eem, ...object } = input.object;
  return eem
    ? decryptObject(object, { ...eem, AES: true }).then((done) => done.object)
    : encryptObject(object, { masterKeyAlias: 'alias/a', fields: input.fields, AES: true })
      .then((done) => ({ ...done.encrypted, eem: done.metadata }));
};

const modes = { decrypt: () => input.values.map(decrypt), encrypt: () => input.values.map(encrypt), library: byLibrary };
Promise.resolve(modes[process.argv[2]]()).then((done) => console.log(JSON.stringify(done)));
