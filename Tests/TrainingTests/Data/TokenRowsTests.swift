import Testing
import Text
import Training
import VenturiTesting

@Suite("Rows of tokens") struct TokenRowsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let lengths = [
    [5], [0, 1, 2, 3, 0, 0, 40, 1], [17, 16, 15, 33, 1, 1, 1, 90, 4, 0], (0..<60).map { $0 * 37 % 29 }, [], [0], [1],
    [2],
  ]

  @Test("Windows are the stream of tokens, cut", arguments: lengths) func windows(_ lengths: [Int]) throws {
    let (corpus, documents) = try TinyText.corpus(lengths, in: folder)
    let stream = documents.flatMap { $0 }
    // Where documents with a token begin in the stream.
    var begins: [Int] = []
    for (index, document) in documents.enumerated() where !document.isEmpty {
      begins.append(documents[..<index].reduce(0) { $0 + $1.count })
    }
    for length in [1, 4, 16] {
      for stride in [1, 3, length] {
        for crosses in [true, false] {
          let rows = try TokenWindows(corpus, length: length, stride: stride, predictsAcrossDocuments: crosses)
          let starts = Array(Swift.stride(from: 0, to: max(0, stream.count - length), by: stride))
          #expect(rows.count == starts.count)
          for (index, start) in starts.enumerated() {
            let row = try rows.element(at: index, epoch: 0)
            #expect(row.inputs == Array(stream[start..<start + length]))
            var targets = Array(stream[start + 1...start + length])
            if !crosses {
              for begin in begins where begin > start && begin <= start + length { targets[begin - start - 1] = -1 }
            }
            #expect(row.targets == targets)
            let inside = begins.filter { $0 > start && $0 < start + length }.map { $0 - start }
            #expect(row.sequenceStarts == [0] + inside)
          }
        }
      }
    }
  }

  @Test("Windows of some documents are those of a corpus that has only them") func windowsOfSome() throws {
    let (corpus, documents) = try TinyText.corpus([9, 4, 0, 30, 2, 11], in: folder)
    let chosen = [5, 0, 2, 3]
    let other = try TinyText.corpus(chosen.map { documents[$0] }, in: folder)
    let some = try TokenWindows(corpus, documents: chosen, length: 7)
    let all = try TokenWindows(other, length: 7)
    #expect(some.count == all.count && some.count == 7)
    for index in 0..<some.count { #expect(try some.element(at: index, epoch: 0) == all.element(at: index, epoch: 0)) }
  }

  @Test("Every token but each document's first is predicted once, from its own document", arguments: lengths)
  func packing(_ lengths: [Int]) throws {
    // No token is the padding.
    let documents = lengths.enumerated().map { document, length in
      (0..<length).map { TokenID((97 * document + $0) % 299 + 1) }
    }
    let corpus = try TinyText.corpus(documents, in: folder)
    var expected: [[TokenID]: Int] = [:]
    for document in documents {
      for (a, b) in zip(document, document.dropFirst()) { expected[[a, b], default: 0] += 1 }
    }
    for length in [1, 4, 16, 64] {
      let rows = try PackedDocuments(corpus, length: length, padding: 0)
      var found: [[TokenID]: Int] = [:]
      for index in 0..<rows.count {
        let row = try rows.element(at: index, epoch: 0)
        #expect(row.inputs.count == length && row.targets.count == length && row.sequenceStarts.first == 0)
        #expect(zip(row.sequenceStarts, row.sequenceStarts.dropFirst()).allSatisfy { $0 < $1 })
        for (place, (input, target)) in zip(row.inputs, row.targets).enumerated() {
          if target == TokenSequence.ignored {
            #expect(input == 0 && place >= row.sequenceStarts[row.sequenceStarts.count - 1])
            continue
          }
          found[[input, target], default: 0] += 1
          // Inside of a sequence, what is predicted is what is read next.
          if place + 1 < length, !row.sequenceStarts.contains(place + 1) { #expect(row.inputs[place + 1] == target) }
        }
      }
      #expect(found == expected)
      #expect(rows.targetCount == expected.values.reduce(0, +))
      // Best fit wastes less than half: no two rows would fit into one.
      #expect(rows.count <= max(1, 2 * rows.targetCount / length + 1))
    }
  }

  @Test("Documents are cut only where they are longer than a row, and packed tightly") func tightness() throws {
    let (corpus, _) = try TinyText.corpus([9, 8, 5, 4, 3, 2, 1, 17], in: folder)
    // Inputs: 8, 7, 4, 3, 2, 1, none and 8 + 8; they fit into 8, 8, 8, 7, 4 + 3 + 1 and 2.
    let rows = try PackedDocuments(corpus, length: 8)
    #expect(rows.count == 6 && rows.targetCount == 41)
    let packed = try (0..<rows.count).map { try rows.element(at: $0, epoch: 0) }
    #expect(packed.map { $0.targets.count { $0 == TokenSequence.ignored } }.reduce(0, +) == 48 - 41)
    #expect(packed.count { $0.sequenceStarts == [0] } == 3)
  }

  @Test("Batches put rows behind each other, each beginning a sequence") func batches() throws {
    let (corpus, _) = try TinyText.corpus([9, 4, 30, 2, 11], in: folder)
    let source = try PackedDocuments(corpus, length: 8)
    var options = DataLoaderOptions(batch: 3)
    options.shuffles = false
    let loader = try DataLoader(source, options: options) { try TokenBatch($0) }
    let batch = try #require(try loader.next())
    #expect(batch.rows == 3 && batch.length == 8 && batch.inputs.count == 24 && batch.targets.count == 24)
    let rows = try (0..<3).map { try source.element(at: $0, epoch: 0) }
    #expect(batch.inputs == rows.flatMap(\.inputs) && batch.targets == rows.flatMap(\.targets))
    #expect(batch.sequenceStarts == rows.enumerated().flatMap { row, each in each.sequenceStarts.map { 8 * row + $0 } })
    #expect(batch.targetCount == batch.targets.count { $0 >= 0 })
    #expect(try TokenBatch([]).inputs.isEmpty)
    let odd = TokenSequence(inputs: [1], targets: [2], sequenceStarts: [0])
    #expect(throws: DataError.self) { try TokenBatch([rows[0], odd]) }
  }

  @Test func hostileSettingsAreRefused() throws {
    let (corpus, _) = try TinyText.corpus([9, 4], in: folder)
    for length in [0, -1, .max] {
      #expect(throws: DataError.self) { try TokenWindows(corpus, length: length) }
      #expect(throws: DataError.self) { try TokenWindows(corpus, length: 4, stride: length) }
      #expect(throws: DataError.self) { try PackedDocuments(corpus, length: length) }
    }
    for document in [-1, 2, .max] {
      #expect(throws: DataError.self) { try TokenWindows(corpus, documents: [0, document], length: 4) }
      #expect(throws: DataError.self) { try PackedDocuments(corpus, documents: [document], length: 4) }
    }
    for padding in [-1, 300, .max] as [TokenID] {
      #expect(throws: DataError.self) { try PackedDocuments(corpus, length: 4, padding: padding) }
    }
  }
}
