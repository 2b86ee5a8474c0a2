import NumericTypes
import Tensors
import Testing

/// Sums over named axes against a loop over all letters.
@Suite struct EinsumTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)

  static let equations = [
    "ij,jk->ik", "ij,kj->ik", "bij,bjk->bik", "bqhd,bkhd->bhqk", "bhqk,bkhd->bqhd", "ij->ji", "ij->", "ii->i", "ii",
    "ij",
    "ba", "ij,j,i", "ijj,k->ki", "i,j->ij", "abc,cb,ad->dc", "aab,bcc->ac", "i,i->", "iii->i", "a,b,c->cab",
    "ab , bc -> ac",
    "->", "i,->i",
  ]

  @Test(arguments: equations) func itIsTheSumOverAllLetters(_ equation: String) throws {
    let plain = equation.filter { $0 != " " }
    let sides = plain.split(separator: ">", omittingEmptySubsequences: false)
    let inputs = (sides.count == 2 ? sides[0].dropLast() : sides[0]).split(
      separator: ",", omittingEmptySubsequences: false)
    let letters = Set(plain.filter(\.isLetter)).sorted()
    let output =
      sides.count == 2 ? Array(sides[1]) : letters.filter { letter in plain.count { $0 == letter } == 1 }
    let extents = Dictionary(uniqueKeysWithValues: letters.enumerated().map { ($1, 3 + $0 * 2 % 5) })
    var numbers = Numbers()
    let tensors = inputs.map { numbers.tensor(Shape($0.map { extents[$0] ?? 0 }), one) }
    let values = tensors.map { $0.doubles(one) }
    func place(_ labels: some Sequence<Character>, _ at: [Character: Int]) -> Int {
      labels.reduce(0) { $0 * (extents[$1] ?? 0) + (at[$1] ?? 0) }
    }
    let count = output.reduce(1) { $0 * (extents[$1] ?? 0) }
    var expected = [Double](repeating: 0, count: count)
    let all = letters.reduce(1) { $0 * (extents[$1] ?? 0) }
    for index in 0..<all {
      var (rest, at) = (index, [Character: Int]())
      for letter in letters {
        let extent = try #require(extents[letter])
        at[letter] = rest % extent
        rest /= extent
      }
      expected[place(output, at)] += zip(inputs, values).reduce(1.0) { $0 * $1.1[place($1.0, at)] }
    }
    let made = one.einsum(equation, tensors)
    #expect(made.shape == Shape(output.map { extents[$0] ?? 0 }))
    #expect(normalizedError(made.doubles(one), expected) < 1e-11)
    #expect(two.einsum(equation, tensors).bits(two) == made.bits(one))
  }
}
