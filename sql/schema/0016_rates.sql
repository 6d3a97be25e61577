-- Limits of what one account may do, and what goes with them.

-- A story is a message that begins with its marker, whichever way it came in.
CREATE FUNCTION message_story() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.flags := NEW.flags | 2;
    RETURN NEW;
END $$;

CREATE TRIGGER message_story BEFORE INSERT ON message
   FOR EACH ROW WHEN (NEW.chat LIKE '[STORY]%' AND NEW.flags & 2 = 0)
   EXECUTE FUNCTION message_story();

INSERT INTO schema_version (version) VALUES (16);
