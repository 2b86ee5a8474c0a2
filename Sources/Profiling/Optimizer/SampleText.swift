import Tensors

/// The text that settings are measured on where none is given: plain English prose written for this purpose.
public enum SampleText {
  /// Some 1,100 tokens of any English vocabulary.
  public static let prose = """
    The river rises in the hills as a spring that a child could cover with both hands. For the first mile it is hardly more \
    than a wet line in the grass, and the sheep step over it without looking down. Then a second spring joins it, and a \
    third, and by the time the path comes down to the old stone bridge there is enough water to turn a small wheel. The \
    wheel is gone now, but the channel that fed it can still be seen, a straight ditch among the crooked ones, and at its \
    narrow end the water still hurries as it did when there was grain to grind.

    A miller knew three things about water, though he could not have written them as formulas. He knew that the same stream \
    has to pass every part of its bed in the same time, so that where the bed is narrow the stream must be quick. He knew \
    that quick water presses less on the walls beside it than slow water does, because the boards of the sluice, which \
    bulged in the pond above, lay flat where the race was tight. And he knew that what the wheel gained, the stream lost: \
    below the mill the water was lazy and warm, and his children learned to swim there.

    Two hundred years later an engineer put a glass pipe with a waist in it on a table in front of her students. She let \
    coloured water run through it and asked them where the pressure would be greatest. Most of them pointed at the waist. \
    It seemed obvious that the water, squeezed together, must push outward. Then she opened the small taps along the pipe, \
    and they saw the columns of liquid rise: high before the waist, low in the middle of it, and almost as high again \
    behind. Nobody said anything for a while. A pipe is an honest teacher, she told them. It has no interest in what you \
    expected.

    There is a market in the town on the second Saturday of every month. Farmers from the valley bring cheese, apples, eggs \
    and wool; a man from the coast sells dried fish and tells everybody that the weather is about to change. Between the \
    stalls there are two gates, one wide and one narrow. Because people come from both sides and nobody likes to wait, a \
    crowd gathers in front of the narrow gate every time, although the wide one is thirty steps away. The council once \
    asked a consultant what to do about it. He walked around for a morning, counted, drank some coffee, and suggested that \
    they move the baker. The queue for bread had been standing in the way of the wide gate for as long as anyone could \
    remember.

    Finding the narrow place is most of the work. It is seldom where the noise is. A kitchen that serves its guests too late \
    may have enough cooks and enough stoves, and only one person who carries the plates. A library may own the book that \
    you want and need a week to find it. A factory can buy a faster machine and produce exactly as much as before, because \
    the parts for it arrive in the same old truck. Whoever wants to improve such a place should first stand still and \
    measure, then change one thing, and then measure again. It is a dull method. It has the advantage that it works.

    In winter the upper part of the river freezes from the edges inward. The children who learned to swim below the mill \
    are grandparents by now, and they warn the young ones about the middle of the stream, where the ice is thin because \
    the current never rests. In the morning you can hear the water talk under its roof. It sounds as if someone were moving \
    furniture in a distant room. By noon, when the sun stands over the southern ridge, drops begin to fall from the alders, \
    and a dark stripe opens along the bank. A heron stands there on one leg and waits. It has found the only place in the \
    valley where a fish must come to the surface, and it is in no hurry at all.

    The last mile is different. The river has grown broad, and it no longer knows where it wants to go. It divides around \
    islands of reed, meets itself again, leaves a pond behind, and takes back a field that it gave away a century ago. On \
    old maps the mouth lies a good walk further west. The harbour master keeps those maps in a drawer and shows them to \
    anyone who complains about the sand. Every year a dredger comes and digs a channel, and every year the channel fills. \
    Still, the ships come in, because pilots read the surface of the water like a page: a smooth line means depth, a \
    wrinkle means a bank, and a patch of light that trembles means that something below has begun to move.
    """

  /// The sentences of a text.
  static func sentences(_ text: String) -> [String] {
    var sentences: [String] = []
    var sentence = ""
    for character in text {
      sentence.append(character == "\n" ? " " : character)
      if character == "." || character == "?" || character == "!" {
        sentences.append(String(sentence.drop { $0 == " " }))
        sentence = ""
      }
    }
    let rest = String(sentence.drop { $0 == " " })
    return rest.isEmpty ? sentences : sentences + [rest]
  }

  /// The text's sentences in ever new orders, without end: a longer text in which no passage comes twice.
  static func endless(_ text: String, seed: UInt64) -> UnfoldSequence<String, ([String], Int, Random)> {
    let sentences = sentences(text)
    return sequence(state: (sentences, 0, Random(seed: seed))) { state in
      if state.0.isEmpty { return nil }
      if state.1 == state.0.count {
        for index in state.0.indices.dropFirst().reversed() {
          state.0.swapAt(index, Int(state.2.uniform() * Double(index + 1)))
        }
        state.1 = 0
      }
      defer { state.1 += 1 }
      return state.0[state.1]
    }
  }
}
