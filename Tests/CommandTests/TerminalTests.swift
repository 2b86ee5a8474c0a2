import Command
import Profiling
import Testing
import VenturiTesting

@Suite("Line editing")
struct TerminalTests {
  @Test func keysFromBytes() {
    var decoder = KeyDecoder()
    #expect(decoder.decode(Array("ab\r".utf8)) == [.text("ab"), .enter])
    #expect(decoder.decode([0x1B, 0x5B, 0x41, 0x1B, 0x5B, 0x33, 0x7E]) == [.up, .delete])
    #expect(decoder.decode([0x1B, 0x0D, 0x0A]) == [.newline, .newline])
    #expect(decoder.decode([0x03, 0x04, 0x17]) == [.interrupt, .endOfInput, .killWord])
    #expect(decoder.decode([0xFF, 0x41]) == [.other, .text("A")])
  }

  @Test func charactersMayComeInPieces() {
    for text in ["é", "漢", "😀"] {
      var decoder = KeyDecoder()
      let bytes = Array(text.utf8)
      for byte in bytes.dropLast() {
        let keys = decoder.decode([byte])
        #expect(keys.isEmpty && decoder.isHolding)
      }
      let keys = decoder.decode([bytes[bytes.count - 1]])
      #expect(keys == [.text(text)])
    }
  }

  @Test func pastedLineEndsStay() {
    let bytes = Array("\u{1B}[200~one\r\ntwo\u{7}\tx😀\u{1B}[201~\r".utf8)
    for cut in 0...bytes.count {
      var decoder = KeyDecoder()
      let keys = decoder.decode(Array(bytes[..<cut])) + decoder.decode(Array(bytes[cut...]))
      var text = ""
      for case .text(let piece) in keys { text += piece }
      // A line end that is cut in two may count twice, as it would when typed.
      #expect(text.replacingDoubleLines == "one\ntwo x😀", "cut at \(cut)")
      #expect(keys.last == .enter)
    }
  }

  @Test func aLoneEscapeMeansNothing() {
    var decoder = KeyDecoder()
    #expect(decoder.decode([0x1B]) == [])
    #expect(decoder.flush() == [.other])
    #expect(!decoder.isHolding)
  }

  @Test func anyBytesEnd() {
    var state: UInt64 = 1
    for _ in 0..<2000 {
      var decoder = KeyDecoder()
      let bytes = (0..<24).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
      }
      _ = decoder.decode(bytes)
      _ = decoder.flush()
      let keys = decoder.decode([0x0D])
      #expect(keys.last == .enter || decoder.isHolding)
    }
  }

  @Test func editing() {
    var buffer = EditBuffer("hello world")
    buffer.wordLeft()
    #expect(buffer.cursor == 6)
    buffer.killToEnd()
    #expect(buffer.text == "hello ")
    buffer.home()
    buffer.yank()
    #expect(buffer.text == "worldhello " && buffer.cursor == 5)
    buffer.killWord()
    #expect(buffer.text == "hello ")
    buffer.end()
    buffer.backspace()
    buffer.left()
    buffer.delete()
    #expect(buffer.text == "hell")
  }

  @Test func marksJoinTheirCharacter() {
    var buffer = EditBuffer()
    buffer.insert("e")
    buffer.insert("\u{301}")
    #expect(buffer.characters.count == 1 && buffer.cursor == 1)
    buffer.insert("👩")
    buffer.insert("\u{200D}")
    buffer.insert("🚀")
    buffer.backspace()
    #expect(buffer.text == "e\u{301}")
  }

  @Test func linesUpAndDown() {
    var buffer = EditBuffer("abc\nde\nfghi")
    var moved = buffer.down()
    #expect(!moved)
    moved = buffer.up()
    #expect(moved && buffer.cursor == 6)
    moved = buffer.up()
    #expect(moved && buffer.cursor == 2)
    moved = buffer.up()
    #expect(!moved)
    moved = buffer.down()
    #expect(moved && buffer.cursor == 6)
  }

  @Test func layoutWrapsAtTheWidth() {
    let layout = EditLayout(EditBuffer("abcdefgh漢\nx"), prompt: "> ", continuation: "… ", columns: 10)
    #expect(layout.rows == ["> abcdefgh", "漢", "… x"])
    #expect(layout.cursorRow == 2 && layout.cursorColumn == 3)
    let full = EditLayout(EditBuffer("abcdefgh"), prompt: "> ", continuation: "", columns: 10)
    #expect(full.rows == ["> abcdefgh", ""] && full.cursorRow == 1 && full.cursorColumn == 0)
  }

  @Test func widths() {
    #expect(DisplayWidth.of("漢字") == 4 && DisplayWidth.of("e\u{301}") == 1 && DisplayWidth.of("😀") == 2)
    #expect(DisplayWidth.of("❤\u{FE0F}") == 2 && DisplayWidth.of("a1") == 2 && DisplayWidth.of("👩\u{200D}🚀") == 2)
  }

  @Test func historyIsKept() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/history"
    var history = History(path: path)
    for entry in ["one", "two\nlines", "two\nlines", ""] { history.add(entry) }
    #expect(History(path: path).entries == ["one", "two\nlines"])
    try writeFileAtomically(path, Array("not json\n\"good\"\n".utf8))
    #expect(History(path: path).entries == ["good"])
  }
}

extension String {
  fileprivate var replacingDoubleLines: String {
    var result = ""
    for character in self where !(character == "\n" && result.last == "\n") { result.append(character) }
    return result
  }
}
