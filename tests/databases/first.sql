BEGIN TRANSACTION;
CREATE TABLE recordings (
	id VARCHAR(40) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	name TEXT NOT NULL, 
	created FLOAT NOT NULL, 
	kind VARCHAR(40), 
	mime VARCHAR(60), 
	size BIGINT, 
	duration FLOAT, 
	channels INTEGER, 
	sample_rate INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "recordings" VALUES('shFrSbWEcaRa-GASTBePkSgUPxw','local','jfk.flac',1.79549928545740962023e+09,'FLAC','audio/flac',1152693,11.0,2,44100);
INSERT INTO "recordings" VALUES('tjCIoFNP3k_qBuy7KbwYHn7oCXU','visitor:ann','austen-0890.wav',1.79549928552588391301e+09,'WAV','audio/wav',169644,5.3,1,16000);
INSERT INTO "recordings" VALUES('OEIC01jnZT9Ya36YTO3nau3_alg','visitor:ann','austen-0870.wav',1.79549928554632830615e+09,'WAV','audio/wav',227244,7.1,1,16000);
INSERT INTO "recordings" VALUES('qOWJBPjlS5Whjk4YN6GzNpJTxYg','local','austen-0870.wav',1.79549928556147170071e+09,'WAV','audio/wav',227244,7.1,1,16000);
INSERT INTO "recordings" VALUES('XTLnkiwT8xsfUyZ7IV0nF_y7noo','local','austen-0870.wav',1.79549928557562685008e+09,'WAV','audio/wav',227244,7.1,1,16000);
CREATE TABLE stretches (
	id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	start FLOAT NOT NULL, 
	"end" FLOAT NOT NULL, 
	segments JSON NOT NULL, 
	notes JSON NOT NULL, 
	PRIMARY KEY (id, number)
);
INSERT INTO "stretches" VALUES('E0Dt_V6JHuqaMs5E-cFUXjKKOqg',1,0.0,4.0,'[{"start": 0.0, "end": 4.0, "text": " Mr. John Dashwood had then leisure", "words": [{"text": " Mr.", "start": 0.0, "end": 0.67, "confidence": 0.9, "speaker": null}, {"text": " John", "start": 0.67, "end": 1.33, "confidence": 0.9, "speaker": null}, {"text": " Dashwood", "start": 1.33, "end": 2.0, "confidence": 0.9, "speaker": null}, {"text": " had", "start": 2.0, "end": 2.67, "confidence": 0.9, "speaker": null}, {"text": " then", "start": 2.67, "end": 3.33, "confidence": 0.9, "speaker": null}, {"text": " leisure", "start": 3.33, "end": 4.0, "confidence": 0.9, "speaker": null}], "speaker": null}]','{"took": 1.5, "last": false, "language": "en", "language_probability": 0.98, "lost": [], "facts": {"channels": 1}}');
CREATE TABLE transcriptions (
	id VARCHAR(40) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	recording_id VARCHAR(40), 
	url TEXT, 
	title TEXT NOT NULL, 
	model VARCHAR(100) NOT NULL, 
	engine VARCHAR(40) NOT NULL, 
	options JSON NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	stage VARCHAR(200), 
	attempt INTEGER NOT NULL, 
	turn INTEGER NOT NULL, 
	created FLOAT NOT NULL, 
	queued FLOAT NOT NULL, 
	started FLOAT, 
	finished FLOAT, 
	worked FLOAT NOT NULL, 
	duration FLOAT, 
	seconds_done FLOAT NOT NULL, 
	partial JSON, 
	language VARCHAR(20), 
	words INTEGER, 
	confidence FLOAT, 
	cost FLOAT, 
	error JSON, 
	provenance JSON, 
	PRIMARY KEY (id)
);
INSERT INTO "transcriptions" VALUES('OR8sTydaF3SLt74niJ509EjI48k','local','shFrSbWEcaRa-GASTBePkSgUPxw',NULL,'jfk.flac','local/whisper-base','on-device','{"language": "en"}','done',NULL,1,1,1763850000.0,1763850000.0,1763850001.0,1.79549928551012039188e+09,0.0,11.0,11.0,'null','en',22,8.99999999999999911182e-01,NULL,'null','{"model": "whisper-base"}');
INSERT INTO "transcriptions" VALUES('NRuMEyerKTOY-_YrC1MLZI6foN0','visitor:ann','tjCIoFNP3k_qBuy7KbwYHn7oCXU',NULL,'Émma ✓ 100 %','local/whisper-base','on-device','{"language": "en"}','done',NULL,1,1,1763850060.0,1763850060.0,1763850061.0,1.79549928553051447869e+09,0.0,5.3,5.3,'null','en',12,9.00000000000000244249e-01,NULL,'null','null');
INSERT INTO "transcriptions" VALUES('E0Dt_V6JHuqaMs5E-cFUXjKKOqg','visitor:ann','OEIC01jnZT9Ya36YTO3nau3_alg',NULL,'austen-0870.wav','local/whisper-base','on-device','{"language": "en"}','working',NULL,1,1,1763850120.0,1763850120.0,1763850121.0,NULL,1.5,7.1,4.0,'null',NULL,NULL,NULL,NULL,'null','null');
INSERT INTO "transcriptions" VALUES('l5E0ocaVwUl3a1L8ZWjH65nidmA','local','qOWJBPjlS5Whjk4YN6GzNpJTxYg',NULL,'austen-0870.wav','local/whisper-base','on-device','{"language": "en"}','queued',NULL,1,1,1763850180.0,1763850180.0,NULL,NULL,0.0,7.1,0.0,NULL,NULL,NULL,NULL,NULL,'null','null');
INSERT INTO "transcriptions" VALUES('tVG3Hka8M9vITwrOEp5K77ZKjZM','local','XTLnkiwT8xsfUyZ7IV0nF_y7noo',NULL,'austen-0870.wav','local/whisper-base','on-device','{"language": "en"}','failed',NULL,1,1,1763850240.0,1763850240.0,1763850241.0,1.79549928557678627966e+09,0.0,7.1,0.0,NULL,NULL,NULL,NULL,NULL,'{"kind": "SttError", "title": "Something went wrong", "message": "It failed.", "guidance": "Try again. If it happens again, tell whoever runs this server."}','null');
CREATE TABLE transcripts (
	id VARCHAR(40) NOT NULL, 
	transcript JSON NOT NULL, 
	text TEXT NOT NULL, 
	raw JSON, 
	PRIMARY KEY (id)
);
INSERT INTO "transcripts" VALUES('OR8sTydaF3SLt74niJ509EjI48k','{"segments": [{"start": 0.0, "end": 11.0, "text": " And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.", "words": [{"text": " And", "start": 0.0, "end": 0.5, "confidence": 0.9, "speaker": null}, {"text": " so,", "start": 0.5, "end": 1.0, "confidence": 0.9, "speaker": null}, {"text": " my", "start": 1.0, "end": 1.5, "confidence": 0.9, "speaker": null}, {"text": " fellow", "start": 1.5, "end": 2.0, "confidence": 0.9, "speaker": null}, {"text": " Americans,", "start": 2.0, "end": 2.5, "confidence": 0.9, "speaker": null}, {"text": " ask", "start": 2.5, "end": 3.0, "confidence": 0.9, "speaker": null}, {"text": " not", "start": 3.0, "end": 3.5, "confidence": 0.9, "speaker": null}, {"text": " what", "start": 3.5, "end": 4.0, "confidence": 0.9, "speaker": null}, {"text": " your", "start": 4.0, "end": 4.5, "confidence": 0.9, "speaker": null}, {"text": " country", "start": 4.5, "end": 5.0, "confidence": 0.9, "speaker": null}, {"text": " can", "start": 5.0, "end": 5.5, "confidence": 0.9, "speaker": null}, {"text": " do", "start": 5.5, "end": 6.0, "confidence": 0.9, "speaker": null}, {"text": " for", "start": 6.0, "end": 6.5, "confidence": 0.9, "speaker": null}, {"text": " you,", "start": 6.5, "end": 7.0, "confidence": 0.9, "speaker": null}, {"text": " ask", "start": 7.0, "end": 7.5, "confidence": 0.9, "speaker": null}, {"text": " what", "start": 7.5, "end": 8.0, "confidence": 0.9, "speaker": null}, {"text": " you", "start": 8.0, "end": 8.5, "confidence": 0.9, "speaker": null}, {"text": " can", "start": 8.5, "end": 9.0, "confidence": 0.9, "speaker": null}, {"text": " do", "start": 9.0, "end": 9.5, "confidence": 0.9, "speaker": null}, {"text": " for", "start": 9.5, "end": 10.0, "confidence": 0.9, "speaker": null}, {"text": " your", "start": 10.0, "end": 10.5, "confidence": 0.9, "speaker": null}, {"text": " country.", "start": 10.5, "end": 11.0, "confidence": 0.9, "speaker": null}], "speaker": null}], "duration": 11.0, "language": "en", "language_probability": 0.99, "timed": true, "lost": [], "extras": {}}','And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.','null');
INSERT INTO "transcripts" VALUES('NRuMEyerKTOY-_YrC1MLZI6foN0','{"segments": [{"start": 0.0, "end": 5.3, "text": " unless to be rather cold-hearted and rather selfish is to be ill-disposed.", "words": [{"text": " unless", "start": 0.0, "end": 0.44, "confidence": 0.9, "speaker": null}, {"text": " to", "start": 0.44, "end": 0.88, "confidence": 0.9, "speaker": null}, {"text": " be", "start": 0.88, "end": 1.32, "confidence": 0.9, "speaker": null}, {"text": " rather", "start": 1.32, "end": 1.77, "confidence": 0.9, "speaker": null}, {"text": " cold-hearted", "start": 1.77, "end": 2.21, "confidence": 0.9, "speaker": null}, {"text": " and", "start": 2.21, "end": 2.65, "confidence": 0.9, "speaker": null}, {"text": " rather", "start": 2.65, "end": 3.09, "confidence": 0.9, "speaker": null}, {"text": " selfish", "start": 3.09, "end": 3.53, "confidence": 0.9, "speaker": null}, {"text": " is", "start": 3.53, "end": 3.97, "confidence": 0.9, "speaker": null}, {"text": " to", "start": 3.97, "end": 4.42, "confidence": 0.9, "speaker": null}, {"text": " be", "start": 4.42, "end": 4.86, "confidence": 0.9, "speaker": null}, {"text": " ill-disposed.", "start": 4.86, "end": 5.3, "confidence": 0.9, "speaker": null}], "speaker": null}], "duration": 5.3, "language": "en", "language_probability": 0.99, "timed": true, "lost": [], "extras": {}}','unless to be rather cold-hearted and rather selfish is to be ill-disposed.','null');
CREATE INDEX ix_recordings_owner ON recordings (owner);
CREATE INDEX transcriptions_by_state ON transcriptions (state, queued);
CREATE INDEX transcriptions_by_owner ON transcriptions (owner, created);
CREATE INDEX ix_transcriptions_recording_id ON transcriptions (recording_id);
COMMIT;
