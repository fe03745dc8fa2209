import Testing

struct JSONSchemaTests {
    private let schema = """
        {"type": "object", "required": ["kind", "list"], "additionalProperties": false,
         "description": "a note",
         "properties": {
          "kind": {"const": "Kind"},
          "number": {"type": "integer", "minimum": 1, "maximum": 31},
          "rate": {"type": ["number", "null"], "enum": [1.5, 480, null]},
          "flag": {"type": "boolean"},
          "list": {"type": "array", "items": {"$ref": "#/$defs/id"}},
          "part": {"type": ["object", "null"], "required": ["id"],
                   "properties": {"id": {"$ref": "#/$defs/id"}}}},
         "$defs": {"id": {"type": "string", "pattern": "^[0-9a-f]{4}$"}}}
        """

    @Test(arguments: [
        #"{"kind":"Kind","list":[]}"#,
        #"{"kind":"Kind","list":["0a1f","ffff"],"number":1,"rate":1.5,"flag":false}"#,
        #"{"kind":"Kind","list":[],"number":31,"rate":null,"part":null}"#,
        #"{"kind":"Kind","list":[],"number":2.0,"part":{"id":"0000","more":1}}"#,
    ])
    func `a document that fits has no problems`(text: String) throws {
        #expect(try JSONSchema(schema).problems(of: JSONValue(text)) == [])
    }

    @Test(arguments: [
        (#"{"kind":"Kind"}"#, ["$.list: required"]),
        (#"{"kind":"Other","list":[]}"#, ["$.kind: const"]),
        (#"{"kind":null,"list":[]}"#, ["$.kind: const"]),
        (#"{"kind":"Kind","list":[],"more":1}"#, ["$.more: additionalProperties"]),
        (#"{"kind":"Kind","list":{}}"#, ["$.list: type"]),
        (#"{"kind":"Kind","list":[1]}"#, ["$.list[0]: type"]),
        (#"{"kind":"Kind","list":["0a1f","0A1F"]}"#, ["$.list[1]: pattern"]),
        (#"{"kind":"Kind","list":["0a1f0"]}"#, ["$.list[0]: pattern"]),  // more than the whole
        (#"{"kind":"Kind","list":["0a1f\n"]}"#, ["$.list[0]: pattern"]),  // a newline behind it
        (#"{"kind":"Kind","list":[],"number":0}"#, ["$.number: minimum"]),
        (#"{"kind":"Kind","list":[],"number":32}"#, ["$.number: maximum"]),
        (#"{"kind":"Kind","list":[],"number":1.5}"#, ["$.number: type"]),
        (#"{"kind":"Kind","list":[],"number":"1"}"#, ["$.number: type"]),
        (#"{"kind":"Kind","list":[],"number":true}"#, ["$.number: type"]),
        (#"{"kind":"Kind","list":[],"rate":12}"#, ["$.rate: enum"]),
        (#"{"kind":"Kind","list":[],"rate":"480"}"#, ["$.rate: enum", "$.rate: type"]),
        (#"{"kind":"Kind","list":[],"flag":0}"#, ["$.flag: type"]),
        (#"{"kind":"Kind","list":[],"flag":null}"#, ["$.flag: type"]),
        (#"{"kind":"Kind","list":[],"part":{}}"#, ["$.part.id: required"]),
        (#"{"kind":"Kind","list":[],"part":{"id":"x"}}"#, ["$.part.id: pattern"]),
        (#"[]"#, ["$: type"]),
        (#"null"#, ["$: type"]),
    ])
    func `a document that does not fit is refused`(text: String, problems: [String]) throws {
        #expect(try JSONSchema(schema).problems(of: JSONValue(text)) == problems)
    }

    @Test(arguments: [
        (#"{"oneOf": []}"#, "$: the keyword 'oneOf' is not known"),
        (#"{"type": 1}"#, "$: the keyword 'type' is not known"),  // known, but not with a number
        (##"{"$ref": "#/$defs/none"}"##, "$: the reference leads nowhere"),
        (#"{"$ref": "other.json"}"#, "$: the reference leads nowhere"),
        (#"{"pattern": "[0-9]"}"#, "$: pattern"),  // not anchored
        (#"{"additionalProperties": true}"#, "$: additionalProperties is false here, or left out"),
    ])
    func `a schema that can't be checked is a problem`(text: String, problem: String) throws {
        #expect(try JSONSchema(text).problems(of: "1") == [problem])
    }
}
