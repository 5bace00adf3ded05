using System;
using System.Linq;

// Where the tool begins: reads numbers and prints their sum.
var numbers = args.Select(int.Parse).ToArray();
Console.WriteLine(Sum(numbers));

/// <summary>Adds numbers up.</summary>
static int Sum(params int[] values)
{
    return values.Sum();
}

/// <summary>Helpers for text.</summary>
internal static class TextExtensions
{
    /// <summary>Cuts a text after some letters.</summary>
    public static string Cut(this string text, int length) =>
        text.Length <= length ? text : text[..length];

#if DEBUG
    public static void Dump(this string text)
    {
        Console.Error.WriteLine(text);
    }
#endif

    private static readonly Func<int, int> Square = n => n * n;
}
