import Formats
import Foundation
import NumericTypes
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Instructions")
struct InstructionTests {
  @Test("Only the answer is predicted, each token from those before it") func row() throws {
    let row = try TokenSequence(prompt: [5, 6, 7], answer: [8, 9], length: 6)
    #expect(row.inputs == [5, 6, 7, 8, 0, 0])
    #expect(row.targets == [-1, -1, 8, 9, -1, -1] && row.sequenceStarts == [0])
    // What is too long loses its beginning, and keeps the prompt's end before the answer.
    let cut = try TokenSequence(prompt: [1, 2, 3, 4], answer: [8, 9], length: 3)
    #expect(cut.inputs == [3, 4, 8] && cut.targets == [-1, 8, 9])
    let tight = try TokenSequence(prompt: [1, 2], answer: [8, 9, 10], length: 3)
    #expect(tight.inputs == [2, 8, 9] && tight.targets == [8, 9, 10])
    for (prompt, answer, length) in [([], [1], 4), ([1], [], 4), ([1], [1, 2], 1), ([1], [1], 0)]
      as [([TokenID], [TokenID], Int)]
    {
      #expect(throws: DataError.self) { try TokenSequence(prompt: prompt, answer: answer, length: length) }
    }
  }

  @Test("What follows the answer changes no loss and no gradient") func padding() throws {
    let context = Context(threads: 1)
    let model = try SampleModels.llama(context)
    func loss(_ change: (inout TokenSequence) -> Void) throws -> (Float, [[Float]]) {
      var row = try TokenSequence(prompt: [1, 2, 3], answer: [4], length: 8)
      change(&row)
      let batch = try TokenBatch([row])
      let pass = ModelTrial(model: model, batch: batch, context: context).evaluation()
      let found = try model.differentiated(batch, tracking: Array(model.parameters.indices), pass)
      return (found.loss.floats[0], found.gradients.map(\.floats))
    }
    let (plain, other) = (try loss { _ in }, try loss { $0.inputs[5] = 7 })
    #expect(plain.0 == other.0 && plain.1.map { $0.map(abs) } == other.1.map { $0.map(abs) })
  }

  @Test("A file's records are rows; what is wrong names the file and the record") func file() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/questions.jsonl"
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }
    let tokenizer = try TinyText.tokenizer()
    func source(_ length: Int = 16) throws -> InstructionSource {
      try InstructionSource(paths: [path], tokenizer: tokenizer, length: length)
    }
    try write("{\"prompt\": \"one two\", \"answer\": \" yes\"}\n\n{\"answer\": \" no\", \"prompt\": \"three\"}\n")
    let found = try source()
    #expect(found.count == 2)
    func encode(_ text: String) -> [TokenID] { tokenizer.encode(bytes: Array(text.utf8), addBoundaries: false) }
    #expect(
      try found.rows[1] == TokenSequence(prompt: encode("three"), answer: encode(" no"), length: 16))
    func told(_ text: String, _ length: Int = 16) {
      #expect { try source(length) } throws: { error in "\(error)".contains(path) && "\(error)".contains(text) }
    }
    told("record 1", 1)
    try write("{\"prompt\": \"\", \"answer\": \"x\"}")
    told("record 1")
    try write("{\"prompt\": \"a\", \"answer\": \"b\"}\n{\"prompt\": \"a\"}")
    told("line 2")
    try write("{\"prompt\": 3, \"answer\": \"b\"}")
    told("line 1")
  }
}
