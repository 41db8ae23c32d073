-- The tables as version 1 made them.
CREATE TABLE book_entries (
    customer TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    run TEXT,
    service TEXT,
    host TEXT,
    subject TEXT,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (customer, number)
);
CREATE INDEX book_entries_by_run ON book_entries (run, kind);
CREATE INDEX book_entries_by_kind ON book_entries (customer, kind, number);
CREATE UNIQUE INDEX book_runs_are_unique ON book_entries (run) WHERE kind = 'run begun';
CREATE INDEX book_entries_by_place ON book_entries (customer, service, host, number, kind);
CREATE TABLE book_heads (
    customer TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (customer)
);
CREATE TABLE book_schema (
    version INTEGER NOT NULL
);
CREATE TRIGGER book_entries_stay BEFORE UPDATE ON book_entries BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER book_entries_kept BEFORE DELETE ON book_entries BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER book_entries_once BEFORE INSERT ON book_entries WHEN NEW.number <= (SELECT max(number) FROM book_entries WHERE customer = NEW.customer) BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER book_heads_grow BEFORE UPDATE ON book_heads WHEN NEW.number <= OLD.number OR NEW.customer <> OLD.customer BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER book_heads_kept BEFORE DELETE ON book_heads BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
