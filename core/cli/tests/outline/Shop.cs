using System.Collections.Generic;
using Text = System.Text;

namespace Example.Shop;

[Serializable, Obsolete("old")]
public sealed class Shop<T> : Base<T>, IPriced where T : class
{
    private const int MaxTries = 3;
    [NonSerialized] private readonly Dictionary<string, T> items = new();

    [JsonPropertyName("name")]
    public string? Name { get; init; }

    public event EventHandler<int> Changed;

    public Shop([NotNull] string name, params int[] rest) : base(name) { }

    [HttpGet("{id}")]
    public async Task<T?> Find(string id, out int n, string locale = "en")
    {
        int Double(int x) => x * 2;
        return await Load(id, items.Select(one => Double(one.Key.Length)));
    }
}

public interface IPriced : IComparable { long Price(string currency); }

public record Pair([property: Key] string Left, int Right) : Base(Left);

enum Payment { Cash, Card }
