// Settings of the Node-RED that `npm start` runs: this machine alone, and nothing that asks or phones home.
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.PORT),
  flowFile: 'flows.json',
  flowFilePretty: true,
  credentialSecret: false,
  telemetry: { enabled: false },
  editorTheme: {
    page: { title: 'Office lights' },
    tours: false,
    projects: { enabled: false },
    codeEditor: { lib: 'monaco' },
  },
  mqttReconnectTime: 1000,
  logging: { console: { level: 'info', metrics: false, audit: false } },
};
