import Foundation
import Plots
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct HeatMapTests {
  private static let map = HeatMap(
    title: "tokens & \"speed\"", x: HeatMap.Axis("batch", ["1", "8,5", "64"]), y: HeatMap.Axis("threads", ["1", "2"]),
    cells: [[10, 20], [30, 40, .nan]], marked: [[1, 1]])

  @Test func theMatrixIsCommaSeparated() {
    #expect(Self.map.csv == "threads by batch,1,\"8,5\",64\n1,10.0,20.0,\n2,30.0,40.0,\n")
  }

  @Test func thePictureIsXMLWithAFieldForEachFigure() throws {
    let svg = Self.map.svg
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    #expect(svg.components(separatedBy: "fill=\"rgb(").count == 1 + 4, "what is missing has no field")
    #expect(svg.components(separatedBy: "class=\"mark\"").count == 1 + 1)
    // The lowest is pale, the highest dark.
    #expect(svg.contains("rgb(222,235,247)") && svg.contains("rgb(8,48,107)"))
  }

  @Test func aTerminalSeesNumbersAndShades() {
    let lines = Self.map.text.split(separator: "\n")
    #expect(lines.count == 3 && lines[0].contains("8,5") && lines[2].contains("40*██") && lines[2].hasSuffix("–"))
    // One value everywhere divides by nothing.
    let flat = HeatMap(title: "", x: HeatMap.Axis("a", ["1"]), y: HeatMap.Axis("b", ["1"]), cells: [[5]])
    #expect(flat.text.contains("5██") && flat.svg.contains("<rect"))
    #expect(HeatMap(title: "", x: HeatMap.Axis("a", []), y: HeatMap.Axis("b", []), cells: []).csv == "b by a\n")
  }
}
